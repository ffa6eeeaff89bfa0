/** The table of request headers. */
import { Button } from '../../parts/button.tsx'
import { isMarkable, isSecretName, markSecret } from '../../saved/secret-names.ts'
import { faultOfHeader, type HeaderRow } from './header-row.ts'

/** What the table shows, and whom it tells. */
export interface HeaderTableProps {
  readonly rows: readonly HeaderRow[]
  readonly onAdd: () => void
  readonly onChange: (id: number, change: Partial<Pick<HeaderRow, 'name' | 'value'>>) => void
  readonly onRemove: (id: number) => void
}

export function HeaderTable({ rows, onAdd, onChange, onRemove }: HeaderTableProps) {
  return (
    <fieldset class="call-headers">
      <legend>Headers</legend>
      <ul class="call-header-rows">
        {rows.map((row, index) => (
          <Row
            key={row.id}
            row={row}
            place={index + 1}
            onChange={(change) => onChange(row.id, change)}
            onRemove={() => onRemove(row.id)}
          />
        ))}
      </ul>
      <button type="button" class="button is-quiet" onClick={onAdd}>
        Add a header
      </button>
    </fieldset>
  )
}

interface RowProps {
  readonly row: HeaderRow
  readonly place: number
  readonly onChange: (change: Partial<Pick<HeaderRow, 'name' | 'value'>>) => void
  readonly onRemove: () => void
}

function Row({ row, place, onChange, onRemove }: RowProps) {
  const fault = faultOfHeader(row)
  const faultId = `call-header-fault-${row.id}`
  const described = fault === null ? {} : { 'aria-invalid': true, 'aria-describedby': faultId }
  return (
    <li class="call-header-row">
      <input
        type="text"
        class="input"
        aria-label={`Name of header ${place}`}
        placeholder="name"
        value={row.name}
        spellcheck={false}
        autocapitalize="off"
        onInput={(event) => onChange({ name: event.currentTarget.value })}
        {...described}
      />
      <input
        type="text"
        class="input"
        aria-label={`Value of header ${place}`}
        placeholder={row.name.endsWith('-bin') ? 'base64' : 'value'}
        value={row.value}
        spellcheck={false}
        onInput={(event) => onChange({ value: event.currentTarget.value })}
        {...described}
      />
      <div class="call-header-actions">
        <SecretMark name={row.name} place={place} />
        <Button kind="quiet" icon="trash" label={`Remove header ${place}`} onClick={onRemove} />
      </div>
      {fault !== null && (
        <p id={faultId} class="call-fault">
          {fault}
        </p>
      )}
    </li>
  )
}

/** Says whether the value is a secret, which is never saved, exported or linked. The user can mark further names. */
function SecretMark({ name, place }: { name: string; place: number }) {
  const isSecret = isSecretName(name)
  return (
    <Button
      kind="quiet"
      icon="key"
      label={`Header ${place} is a secret`}
      title={
        isSecret
          ? 'A secret: its value is never saved or linked'
          : 'Mark as a secret, whose value is never saved or linked'
      }
      isPressed={isSecret}
      isDisabled={!isMarkable(name)}
      onClick={() => markSecret(name, !isSecret)}
    />
  )
}
