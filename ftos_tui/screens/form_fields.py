"""The rows of the provider form, made from the one table of fields."""

from ftos_tui.domain.draft import Draft
from ftos_tui.domain.fields import FIELDS, DataType, FieldSpec
from ftos_tui.domain.record import SecretState
from ftos_tui.widgets.choice_field import ChoiceField
from ftos_tui.widgets.field_row import Control, FieldRow
from ftos_tui.widgets.secret_input import SecretInput
from ftos_tui.widgets.switch_field import SwitchField
from ftos_tui.widgets.text_input import OneLineInput


def field_rows(draft: Draft) -> list[FieldRow]:
    """A row for each field, in the vendor's order, holding what the draft holds."""
    return [FieldRow(spec.id, spec.label, _control(spec, draft), mandatory=spec.mandatory) for spec in FIELDS]


def _control(spec: FieldSpec, draft: Draft) -> Control:
    control_id = f"field-{spec.id}"
    if spec.secret:
        placeholder = secret_placeholder(draft.base.secrets[spec.id])
        return SecretInput(placeholder=placeholder, limit=spec.max_length, id=control_id)
    text = draft.text(spec.id)
    if spec.data_type is DataType.OPTION:
        return ChoiceField(spec.options, text, id=control_id)
    if spec.data_type is DataType.BOOL:
        return SwitchField(text, id=control_id)
    placeholder = f"for example {spec.example}" if spec.example else ""
    return OneLineInput(text, placeholder=placeholder, limit=spec.max_length, id=control_id)


def secret_placeholder(state: SecretState) -> str:
    """What stands in an empty secret field: that one is stored, which and by whom; never how long it is."""
    if not state.is_set:
        return "not set"
    if not state.readable:
        return f"unreadable, version {state.version}: enter it again, or leave blank to keep it"
    when = f" {state.set_at:%Y-%m-%d}" if state.set_at else ""
    by = f" by {state.set_by}" if state.set_by else ""
    return f"set, version {state.version},{when}{by}"


def put_text(control: Control, draft: Draft, field_id: str) -> None:
    """Makes a control hold what the draft holds, after an undo or a reload."""
    if isinstance(control, SecretInput):
        secret = draft.secrets.get(field_id)
        control.value = secret.reveal() if secret else ""
        control.placeholder = secret_placeholder(draft.base.secrets[field_id])
    elif control.value != draft.text(field_id):
        control.value = draft.text(field_id)
