/** All faults of a message; each leads to its place in the JSON. */
import { Icon } from '../parts/icon.tsx'
import { useSettled } from '../parts/use-settled.ts'
import type { DraftFault } from './check/draft-fault.ts'
import type { MessageDraft } from './message-draft.ts'

const MAX_SHOWN = 5
const PAUSE_MS = 1_000

export interface FaultSummaryProps {
  readonly draft: MessageDraft
  readonly onPick: (fault: DraftFault) => void
}

/** Says in short whether a message can be sent. */
export function FaultCount({ draft }: Pick<FaultSummaryProps, 'draft'>) {
  const faults = draft.faults.value
  const errors = faults.filter((fault) => fault.severity === 'error').length
  const count = draft.isPending.value ? 'Checked once typing pauses.' : countOf(errors, faults.length - errors)
  const said = useSettled(count, PAUSE_MS)
  return (
    <>
      <p class="hint draft-count" aria-hidden="true">
        {count}
      </p>
      <span class="visually-hidden" role="status">
        {said}
      </span>
    </>
  )
}

export function FaultSummary({ draft, onPick }: FaultSummaryProps) {
  const faults = draft.faults.value
  if (faults.length === 0) return null
  return (
    <div class="draft-summary">
      <ul aria-label="Faults of the message">
        {faults.slice(0, MAX_SHOWN).map((fault) => (
          <li key={`${fault.start} ${fault.message}`}>
            <button type="button" class="draft-jump" data-severity={fault.severity} onClick={() => onPick(fault)}>
              <Icon name={fault.severity === 'error' ? 'warning' : 'info'} />
              <span>
                <span class="draft-line">{`Line ${fault.line}`}</span> {fault.message}
              </span>
            </button>
          </li>
        ))}
      </ul>
      {faults.length > MAX_SHOWN ? <p class="hint">{`And ${faults.length - MAX_SHOWN} more.`}</p> : null}
    </div>
  )
}

function countOf(errors: number, hints: number): string {
  if (errors === 0 && hints === 0) return 'Valid'
  return [numberOf(errors, 'error'), numberOf(hints, 'hint')].filter((part) => part !== '').join(', ')
}

function numberOf(count: number, name: string): string {
  return count === 0 ? '' : `${count} ${name}${count === 1 ? '' : 's'}`
}
