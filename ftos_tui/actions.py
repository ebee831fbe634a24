"""The one table of what keys do. Bindings, hints, key help, the command palette and remapping derive from it."""

from dataclasses import dataclass

EVERYWHERE = "everywhere"
MENU = "menu"
PROVIDERS = "providers"
FORM = "form"
STATUSES = "statuses"
STATUS_ROW = "status"
DRAFTS = "drafts"
AUDIT = "audit"
COMPARE = "compare"
COMPARE_FIELDS = "fields"
EDITOR = "editor"
CHANNELS = "channels"
CHANNEL = "channel"
PLAN = "plan"
REVIEW = "review"
HISTORY = "history"
CONFLICT = "conflict"
SIGN_IN = "sign_in"
MESSAGES = "messages"
MESSAGE = "message"
MESSAGE_NEW = "message_new"
PROCESSOR = "processor"
EVENTS = "events"


@dataclass(frozen=True, slots=True)
class Action:
    """Something the operator does by a key or by name.

    Attributes:
        id: The name in the settings file's `[keys]`, `place.what`.
        label: What the hint line and the command palette call it.
        keys: Its keys as Textual names them; none where only the command palette reaches it.
        where: The screen it belongs to, or `everywhere`.
        description: One sentence for the key help.
    """

    id: str
    label: str
    keys: tuple[str, ...]
    where: str
    description: str

    @property
    def method(self) -> str:
        """The action's method on its screen, without `action_`."""
        return self.id.partition(".")[2]


_MESSAGE_ACTS = (
    ("hold", "Hold", ("h",), "Stop waiting messages until they are released."),
    ("release", "Release", ("l",), "Let held messages wait for their turn again."),
    ("cancel", "Cancel", ("c",), "Cancel messages that wait or are held; they are never sent."),
    ("retry", "Try again", ("t",), "Try failed messages again, with tries of their own."),
    ("resolve", "Resolve", ("v",), "Settle messages in doubt, once you know from the provider what became of them."),
    ("pause", "Pause provider", ("P",), "Pause the sending of the message's provider, or let it go on."),
    ("refresh", "Refresh", ("r", "f5"), "Read again what is shown."),
)
"""What is done to messages, in the list to the marked ones or the one under the cursor: name, label, keys, sentence."""

_TABLE = (
    Action("everywhere.help", "Help", ("f1",), EVERYWHERE, "Explain the focused field, or this screen."),
    Action("everywhere.keys", "Keys", ("f10", "question_mark"), EVERYWHERE, "List the keys that work here."),
    Action("everywhere.status_log", "Log", ("f6",), EVERYWHERE, "Go to the status log pane, and back."),
    Action(
        "everywhere.commands",
        "Commands",
        ("ctrl+p", "f9"),
        EVERYWHERE,
        "Find a screen, a provider, a field or an action by name.",
    ),
    Action("everywhere.back", "Back", ("escape",), EVERYWHERE, "Go back; asks when there are unsaved changes."),
    Action(
        "everywhere.mouse", "Mouse on or off", (), EVERYWHERE, "Switch the mouse, so that the terminal can select text."
    ),
    Action("everywhere.quit", "Quit", ("ctrl+q",), EVERYWHERE, "Leave ftos-tui; asks when there are unsaved changes."),
    Action("menu.quit", "Quit", ("q",), MENU, "Leave ftos-tui."),
    Action("providers.quit", "Quit", ("q",), PROVIDERS, "Leave ftos-tui."),
    Action(
        "providers.edit",
        "Edit",
        ("e",),
        PROVIDERS,
        "Open the provider under the cursor; Enter and a double click do the same.",
    ),
    Action("providers.new", "New", ("n", "insert"), PROVIDERS, "Start a new provider."),
    Action(
        "providers.duplicate",
        "Duplicate",
        ("c",),
        PROVIDERS,
        "Start a new provider from the one under the cursor, without its secrets.",
    ),
    Action(
        "providers.delete",
        "Delete",
        ("d", "delete"),
        PROVIDERS,
        "Delete the provider under the cursor after its name was typed.",
    ),
    Action(
        "providers.filter",
        "Filter",
        ("slash",),
        PROVIDERS,
        "Show only the providers whose name, channel or provider contains a text.",
    ),
    Action("providers.refresh", "Refresh", ("r", "f5"), PROVIDERS, "Read the list again."),
    Action(
        "providers.compare",
        "Compare",
        ("v",),
        PROVIDERS,
        "Compare the providers with another environment's, and carry fields over.",
    ),
    Action(
        "providers.confirm_trial",
        "Confirm trial",
        ("t",),
        PROVIDERS,
        "Keep the version of the provider under the cursor that is on trial.",
    ),
    Action(
        "providers.history",
        "History",
        ("h",),
        PROVIDERS,
        "Show the versions of the provider under the cursor: compare them, or go back to one.",
    ),
    Action("providers.messages", "Messages", ("m",), PROVIDERS, "Show the messages of the provider under the cursor."),
    Action("providers.audit", "Audit", ("A",), PROVIDERS, "Show who did what, and verify it."),
    Action("providers.export", "Export", ("x",), PROVIDERS, "Write the listed providers to a file, without secrets."),
    Action(
        "providers.import",
        "Import",
        ("i",),
        PROVIDERS,
        "Read providers from a file: shows a plan of what would change, and applies it when you say so.",
    ),
    Action("providers.drafts", "Drafts", ("u",), PROVIDERS, "Show the unsaved drafts that were kept."),
    Action(
        "form.save_and_close",
        "Save and close",
        ("ctrl+s", "f2"),
        FORM,
        "Check, save as a new version and go back to the list.",
    ),
    Action(
        "form.save_and_reload",
        "Save and reload",
        ("ctrl+r", "f5"),
        FORM,
        "Check, save as a new version and go on editing.",
    ),
    Action(
        "form.save_on_trial",
        "Save on trial",
        ("ctrl+t",),
        FORM,
        "Save so that it is live at once and reverts by itself after some minutes unless it is confirmed.",
    ),
    Action("form.confirm_trial", "Confirm trial", ("ctrl+y",), FORM, "Keep the version that is on trial."),
    Action(
        "form.review",
        "Review",
        ("shift+f2", "f14"),  # most terminals send Shift+F2 as F14
        FORM,
        "Show what a save would change and what follows from it, then save or go back.",
    ),
    Action(
        "form.history",
        "History",
        ("shift+f4", "f16"),  # what terminals send for Shift+F3 is a cursor position report, too
        FORM,
        "Show the versions of the provider: compare them, or go back to one.",
    ),
    Action(
        "form.meanwhile",
        "Saved meanwhile",
        ("ctrl+g", "shift+f5", "f17"),  # most terminals send Shift+F5 as F17
        FORM,
        "Show what others saved since you opened the form, beside what stands in it.",
    ),
    Action("form.undo", "Undo", ("ctrl+z", "f11"), FORM, "Take the last change of the form back."),
    Action("form.statuses", "Statuses", ("f3",), FORM, "The list of channel provider statuses."),
    Action(
        "form.meaning",
        "Meaning",
        ("f4",),
        FORM,
        "What the values mean: the window, messages an hour, tries, forecast, way out, readiness.",
    ),
    Action(
        "form.test_connection",
        "Test connection",
        ("ctrl+n", "shift+f7", "f19"),  # most terminals send Shift+F7 as F19
        FORM,
        "Go the way of a message up to the sign-in, with what stands in the form, and send nothing; again: stop.",
    ),
    Action(
        "form.test_message",
        "Send a test message",
        ("ctrl+o", "shift+f8", "f20"),  # most terminals send Shift+F8 as F20
        FORM,
        "Send one message to an address you name, with what stands in the form; pressed again it stops.",
    ),
    Action(
        "form.acknowledge",
        "Acknowledge",
        ("f7",),
        FORM,
        "Acknowledge the warning at the focused field by its name, or take that back.",
    ),
    Action("form.next_finding", "Next finding", ("f8",), FORM, "Go to the next field that has a finding."),
    Action("form.reason", "Reason", ("f12",), FORM, "Say why you make this change; it is kept with the version."),
    Action(
        "form.edit_config",
        "Edit appConfig",
        (),
        FORM,
        "Open appConfig in the small editor; Enter on the field does the same.",
    ),
    Action(
        "form.clear_app_password",
        "Clear App Password",
        (),
        FORM,
        "Remove the stored App Password, as a change of its own.",
    ),
    Action("form.clear_app_key", "Clear App Key", (), FORM, "Remove the stored App Key, as a change of its own."),
    Action("statuses.add", "Add", ("n", "insert"), STATUSES, "Add a status row."),
    Action("statuses.edit", "Edit", ("e",), STATUSES, "Edit the row under the cursor; Enter does the same."),
    Action("statuses.remove", "Remove", ("d", "delete"), STATUSES, "Remove the row under the cursor."),
    Action(
        "statuses.preset", "Preset", ("p",), STATUSES, "Replace the rows by a shipped preset: SMTP, SendGrid or SMPP."
    ),
    Action("status.accept", "Accept", ("ctrl+s", "f2"), STATUS_ROW, "Take the row into the list."),
    Action("statuses.acknowledge", "Acknowledge", ("f7",), STATUSES, "Acknowledge the warning about the list."),
    Action("compare.refresh", "Refresh", ("r", "f5"), COMPARE, "Compare again."),
    Action("fields.choose", "Choose", ("space",), COMPARE_FIELDS, "Carry the field under the cursor over, or not."),
    Action("fields.all", "All", ("a",), COMPARE_FIELDS, "Carry every field over, or none."),
    Action(
        "fields.promote",
        "Promote",
        ("p",),
        COMPARE_FIELDS,
        "Open the other environment's form with the chosen fields changed there, not saved yet.",
    ),
    Action("review.save", "Save", ("ctrl+s", "f2"), REVIEW, "Save what was reviewed; Enter does the same."),
    Action("review.acknowledge", "Acknowledge", ("f7",), REVIEW, "Acknowledge all open warnings, or take that back."),
    Action("review.reason", "Reason", ("f12",), REVIEW, "Say why you make this change; it is kept with the version."),
    Action(
        "history.mark", "Mark", ("m",), HISTORY, "Mark the version under the cursor, so that Enter compares with it."
    ),
    Action("history.show", "Show", ("v",), HISTORY, "Show all that the version under the cursor holds."),
    Action(
        "history.rollback",
        "Roll back",
        ("b",),
        HISTORY,
        "Save what the version under the cursor held as a new version, after the same checks.",
    ),
    Action("conflict.mine", "Mine", ("m",), CONFLICT, "Take mine for the clash under the cursor."),
    Action("conflict.theirs", "Theirs", ("t",), CONFLICT, "Take theirs for the clash under the cursor."),
    Action(
        "conflict.accept", "Into the form", ("ctrl+s", "f2"), CONFLICT, "Put the outcome into the form, not saved yet."
    ),
    Action("conflict.drop", "Drop mine", ("x",), CONFLICT, "Drop your changes and go on with what others saved."),
    Action("audit.verify", "Verify", ("v",), AUDIT, "Check every entry of the audit; pressed again it stops."),
    Action(
        "audit.filter",
        "Filter",
        ("slash",),
        AUDIT,
        "Show only the entries whose provider, user, action or detail contains a text.",
    ),
    Action("audit.refresh", "Refresh", ("r", "f5"), AUDIT, "Read the audit again."),
    Action("drafts.discard", "Discard", ("d", "delete"), DRAFTS, "Throw the draft under the cursor away."),
    Action("drafts.open_saved", "As saved", ("s",), DRAFTS, "Open the provider as it is saved; the draft stays."),
    Action("plan.apply", "Apply", ("ctrl+s", "f2"), PLAN, "Apply the whole plan; Enter does the same."),
    Action(
        "plan.acknowledge",
        "Acknowledge",
        ("f7",),
        PLAN,
        "Acknowledge the warnings of the provider under the cursor by their names, or take that back.",
    ),
    Action("channels.quit", "Quit", ("q",), CHANNELS, "Leave ftos-tui."),
    Action(
        "channels.edit",
        "Edit",
        ("e",),
        CHANNELS,
        "Open the channel under the cursor; Enter and a double click do the same.",
    ),
    Action("channels.new", "New", ("n", "insert"), CHANNELS, "Start a new communication channel."),
    Action(
        "channels.delete",
        "Delete",
        ("d", "delete"),
        CHANNELS,
        "Delete the channel under the cursor after its code was typed.",
    ),
    Action(
        "channels.filter", "Filter", ("slash",), CHANNELS, "Show only the channels whose code, name or provider has it."
    ),
    Action("channels.refresh", "Refresh", ("r", "f5"), CHANNELS, "Read the list again."),
    Action(
        "channel.save_and_close",
        "Save and close",
        ("ctrl+s", "f2"),
        CHANNEL,
        "Check, save and go back to the list.",
    ),
    Action("channel.save_and_reload", "Save and reload", ("ctrl+r", "f5"), CHANNEL, "Check, save and go on editing."),
    Action("channel.providers", "Providers", ("f3",), CHANNEL, "Choose the channel provider from a list."),
    Action(
        "channel.acknowledge",
        "Acknowledge",
        ("f7",),
        CHANNEL,
        "Acknowledge the warning at the focused field by its name, or take that back.",
    ),
    Action("channel.next_finding", "Next finding", ("f8",), CHANNEL, "Go to the next field that has a finding."),
    Action("channel.reason", "Reason", ("f12",), CHANNEL, "Say why you make this change; it is kept in the audit."),
    Action("messages.quit", "Quit", ("q",), MESSAGES, "Leave ftos-tui."),
    Action("messages.show", "Show", ("e",), MESSAGES, "Show all that is known of a message; Enter does the same."),
    Action("messages.new", "New", ("n", "insert"), MESSAGES, "Queue a message."),
    Action("messages.filter", "Filter", ("slash",), MESSAGES, "Show only the recipients and subjects with a text."),
    Action("messages.status", "Status", ("f",), MESSAGES, "Show only one status; a figure from 0 to 9 does the same."),
    Action("messages.provider", "Provider", ("p",), MESSAGES, "Show only the messages of one provider, or of all."),
    Action("messages.mark", "Mark", ("space",), MESSAGES, "Mark the message under the cursor for what is done next."),
    Action(
        "messages.processor",
        "Processors",
        ("w",),
        MESSAGES,
        "Show which processors run and what keeps each provider's messages; close a breaker there.",
    ),
    Action("messages.events", "Events", ("E",), MESSAGES, "Show what providers reported, and what fits no message."),
    *(
        Action(f"{where}.{name}", label, keys, where, description)
        for where in (MESSAGES, MESSAGE)
        for name, label, keys, description in _MESSAGE_ACTS
    ),
    Action(
        "processor.close_breaker",
        "Close breaker",
        ("b",),
        PROCESSOR,
        "Let the messages of a stopped provider go again, though what stopped it may still be so.",
    ),
    Action("processor.pause", "Pause provider", ("P",), PROCESSOR, "Pause the sending of a provider, or let it go on."),
    Action("processor.refresh", "Refresh", ("r", "f5"), PROCESSOR, "Read again what is shown."),
    Action("events.unmatched", "Unmatched", ("u",), EVENTS, "Show only events that fit no message here, or all."),
    Action("events.show", "Show", ("e",), EVENTS, "Show the event's message; Enter does the same."),
    Action("events.refresh", "Refresh", ("r", "f5"), EVENTS, "Read the events again, from the newest on."),
    Action("message_new.queue", "Queue", ("ctrl+s", "f2"), MESSAGE_NEW, "Check the message and queue it."),
    Action("message_new.providers", "Providers", ("f3",), MESSAGE_NEW, "Choose the provider from a list."),
    Action("message_new.editor", "Editor", ("f4",), MESSAGE_NEW, "Write the text, or the HTML, in an editor."),
    Action("message_new.acknowledge", "Acknowledge", ("f7",), MESSAGE_NEW, "Acknowledge the focused row's warning."),
    Action("message_new.next_finding", "Next finding", ("f8",), MESSAGE_NEW, "Go to the next row with a finding."),
    Action("sign_in.again", "Try again", ("f5", "r"), SIGN_IN, "Sign in again with what stands in the rows."),
    Action("editor.accept", "Accept", ("ctrl+s", "f2"), EDITOR, "Take the text into the form."),
    Action("editor.external", "Your editor", ("ctrl+e", "f4"), EDITOR, "Open the text in $VISUAL or $EDITOR."),
    Action("editor.load", "Load a file", ("ctrl+o", "f3"), EDITOR, "Replace the text by a file's."),
)

ACTIONS: dict[str, Action] = {action.id: action for action in _TABLE}


def actions_of(where: str) -> tuple[Action, ...]:
    """The actions of one screen, in the table's order."""
    return tuple(action for action in _TABLE if action.where == where)
