"""The blocking client. (A package, so that its test modules may be named as those beside it.)"""
