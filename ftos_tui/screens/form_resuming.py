"""Opens the form of a channel or a message again with what a draft holds."""

from ftos_tui.domain.channel import CHANNEL_FIELDS
from ftos_tui.screens.frame import QUEUES_PATH, FrameScreen
from ftos_tui.studio.drafts import CHANNEL_FORM, KeptDraft
from ftos_tui.studio.form_drafts import restored_channel, texts_of
from ftos_tui.studio.session import Session


def labels_of(kept: KeptDraft) -> dict[str, str]:
    """The labels of the fields of a draft's form, in their order."""
    if kept.form == CHANNEL_FORM:
        return {spec.id: spec.label for spec in CHANNEL_FIELDS}
    from ftos_tui.screens.message_form import FIELDS

    return {name: label for name, label, *_ in FIELDS}


def resumed_form(session: Session, kept: KeptDraft) -> FrameScreen:
    """The form of a channel or a message as its draft left it.

    Args:
        session: The operator's session.
        kept: The draft.

    Raises:
        Failure: The store does not answer.
    """
    if kept.form == CHANNEL_FORM:
        from ftos_tui.screens.channel_form import ChannelFormScreen

        return ChannelFormScreen(restored_channel(session, kept), kept.key)
    from ftos_tui.screens.message_form import MessageFormScreen

    return MessageFormScreen(QUEUES_PATH, texts=texts_of(kept), key=kept.key)
