/** The table of request headers. */
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
      <button type="button" class="button is-quiet" aria-label={`Remove header ${place}`} onClick={onRemove}>
        Remove
      </button>
      {fault !== null && (
        <p id={faultId} class="call-fault">
          {fault}
        </p>
      )}
    </li>
  )
}
