/** All faults of a message, with their places in the text. */
import type { MessageDraft } from './message-draft.ts'

const MAX_SHOWN = 5

export function FaultSummary({ draft }: { draft: MessageDraft }) {
  const faults = draft.faults.value
  const errors = faults.filter((fault) => fault.severity === 'error').length
  return (
    <div class="draft-summary" role="status" data-errors={errors}>
      <p class="hint">
        {draft.isPending.value ? 'The message is checked when you pause.' : countOf(errors, faults.length)}
      </p>
      {faults.length === 0 ? null : (
        <ul>
          {faults.slice(0, MAX_SHOWN).map((fault) => (
            <li key={`${fault.start} ${fault.message}`} class="draft-fault" data-severity={fault.severity}>
              {`${fault.line}:${fault.column} ${fault.message}`}
            </li>
          ))}
        </ul>
      )}
      {faults.length > MAX_SHOWN ? <p class="hint">{`and ${faults.length - MAX_SHOWN} more`}</p> : null}
    </div>
  )
}

function countOf(errors: number, total: number): string {
  const hints = total - errors
  const parts = [errors > 0 ? count(errors, 'error') : '', hints > 0 ? count(hints, 'hint') : ''].filter(Boolean)
  return parts.length === 0 ? 'The message can be sent.' : parts.join(', ')
}

function count(number: number, name: string): string {
  return `${number} ${name}${number === 1 ? '' : 's'}`
}
