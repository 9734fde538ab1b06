"""One sentence in our words for every method, to begin with: edit it in the description."""

from __future__ import annotations

from typing import Any

from .naming import sentence_words, singular

#: Sentences by method path, where the rule would not say enough.
WRITTEN = {
    "chat.completions.create": "The answer to a conversation, whole or as a stream.",
    "embeddings.create": "One vector for each input, in the order of the inputs.",
    "files.create": "Uploads a file, for other methods to refer to by its id.",
    "files.retrieve": "What is known about one file, without its content.",
    "files.list": "The files that were uploaded, page by page.",
    "files.delete": "Deletes a file and says whether it is gone.",
    "files.content": "The content of a file, as it was stored.",
    "models.retrieve": "One model and who owns it.",
    "models.list": "The models that the key may use.",
    "models.delete": "Deletes a fine-tuned model of your own.",
    "vector_stores.create": "A new vector store, empty or with files to begin with.",
    "vector_stores.retrieve": "One vector store, with counts of its files.",
    "vector_stores.file_batches.create": "Adds files as one batch.",
    "vector_stores.file_batches.retrieve": "One batch.",
    "responses.create": "The answer of a model, whole or as a stream.",
    "responses.retrieve": "One response, whole or as a stream of what happened.",
    "responses.compact": "A shorter form of a conversation, to go on from.",
    "completions.create": "How a text goes on, whole or as a stream.",
    "moderations.create": "Whether inputs are harmful, and in which way.",
    "audio.speech.create": "A text, spoken.",
    "audio.transcriptions.create": "What is said in a recording, in the language it is said in.",
    "audio.translations.create": "What is said in a recording, in English.",
    "images.generate": "Images made from a description.",
    "images.edit": "Images changed as a description says.",
    "images.create_variation": "Images like the one given.",
    "beta.threads.create_and_run": "A new thread with a run, or the events of that run.",
    "beta.threads.runs.submit_tool_outputs": "Gives a run the outputs of the tools it waits for.",
    "admin.organization.projects.rate_limits.list_rate_limits": "The rate limits of a project.",
    "admin.organization.projects.rate_limits.update_rate_limit": "Changes a rate limit.",
    "beta.chatkit.threads.list_items": "The items of a thread, page by page.",
    "beta.responses.compact": "A shorter form of a conversation, to go on from.",
    "beta.threads.runs.create": "Runs an assistant on a thread, whole or as a stream.",
    "fine_tuning.jobs.list_events": "What happened to a job, page by page.",
    "live.sessions.download_recording": "The recording of a session.",
    "live.sessions.fork": "A new session that goes on from where another stands.",
    "vector_stores.file_batches.list_files": "The files of a batch, page by page.",
    "videos.create_character": "A character made from a video, for other videos.",
    "videos.get_character": "One character.",
    "videos.edit": "A video changed as a description says.",
    "videos.extend": "A video that goes on where another ends.",
    "videos.remix": "A video made anew from another.",
    "webhooks.rotate_secret": "Replaces the secret of a webhook.",
    "admin.organization.usage.costs": "What was spent.",
    "fine_tuning.alpha.graders.run": "Runs a grader on one sample.",
    "fine_tuning.alpha.graders.validate": "Says whether a grader is valid.",
}

#: What a method does, by its name. `{one}` is the thing with its article, `{noun}` without,
#: `{many}` all of them.
VERBS = {
    "create": "Creates {one}.",
    "retrieve": "{One}.",
    "get": "{One}.",
    "update": "Changes {one}.",
    "modify": "Changes {one}.",
    "list": "The {many}, page by page.",
    "delete": "Deletes {one}.",
    "cancel": "Cancels {one}.",
    "content": "The content of {one}.",
    "download_content": "The content of {one}.",
    "retrieve_content": "The content of {one}, as text.",
    "search": "What is found in {one}.",
    "archive": "Archives {one}.",
    "unarchive": "Brings {one} back from the archive.",
    "activate": "Activates {many}.",
    "deactivate": "Deactivates {many}.",
    "pause": "Pauses {one}.",
    "resume": "Goes on with {one}.",
    "complete": "Completes {one}.",
    "count": "Counts the {many}.",
    "stream": "The {many}, as they happen.",
    "validate": "Says whether {one} is valid.",
    "run": "Runs {one}.",
    "test": "Tries {one}.",
    "rotate": "Replaces the secret of {one}.",
    "accept": "Accepts {one}.",
    "hangup": "Ends {one}.",
    "refer": "Transfers {one}.",
    "reject": "Refuses {one}.",
}


def sentence(method: dict[str, Any]) -> str:
    """What a method of the table does, in one sentence."""
    path, kind = method["path"], method["kind"]
    if path in WRITTEN:
        return WRITTEN[path]
    *spaces, name = path.split(".")
    many = sentence_words(spaces[-1])
    noun = sentence_words(singular(spaces[-1]))
    one = f"{'an' if noun[0] in 'aeiouAEIOU' else 'a'} {noun}"
    if name in ("retrieve", "get"):
        one = f"one {noun}" if spaces[-1].endswith("s") else f"the {noun}"
    if spaces[-2:-1] == ["organization"] and spaces[-1] == "usage":
        return f"How much was used: {sentence_words(name)}."
    said = VERBS.get(name)
    if name == "list" and kind in ("model", "none"):
        said = "The {many}."
    if said is None:
        words = sentence_words(name)
        said = f"{words[0].upper()}{words[1:]}: {{one}}."
    return said.format(one=one, One=one[0].upper() + one[1:], noun=noun, many=many)
