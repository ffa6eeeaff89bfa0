/** The tab that makes the same call by every protocol, side by side. */
import { useEffect, useState } from 'preact/hooks'
import { Button } from '../../parts/button.tsx'
import { EmptyState } from '../../parts/empty-state.tsx'
import { Field } from '../../parts/field.tsx'
import { Notice } from '../../parts/notice.tsx'
import { CompareTable } from './compare-table.tsx'
import type { Comparison } from './comparison.ts'

/** What the tab needs. */
export interface CompareTabProps {
  readonly isStream: boolean
  /**
   * Starts a comparison.
   *
   * @throws Error with a sentence, if the form has faults
   */
  readonly start: (repeats: number) => Comparison
}

const REPEATS = [1, 10, 100] as const

/** Draws the tab. */
export function CompareTab({ isStream, start }: CompareTabProps) {
  const [comparison, setComparison] = useState<Comparison | null>(null)
  const [repeats, setRepeats] = useState<number>(1)
  const [fault, setFault] = useState<string | null>(null)
  useEffect(() => () => comparison?.stop(), [comparison])
  const begin = () => {
    try {
      setFault(null)
      comparison?.stop()
      setComparison(start(repeats))
    } catch (error) {
      setFault(error instanceof Error ? error.message : String(error))
    }
  }
  const isRunning = comparison?.isRunning.value === true
  const shownFault = fault ?? comparison?.fault.value ?? null
  return (
    <div class="stack">
      <div class="row call-compare-bar">
        <RepeatChoice repeats={repeats} onChange={setRepeats} />
        <Button kind="main" icon="play" isBusy={isRunning} isDisabled={isRunning} onClick={begin}>
          Compare
        </Button>
        {isRunning && (
          <Button kind="danger" icon="stop" onClick={() => comparison?.stop()}>
            Stop
          </Button>
        )}
      </div>
      {shownFault !== null && <Notice tone="bad">{shownFault}</Notice>}
      {comparison === null ? <Nothing isStream={isStream} /> : <CompareTable comparison={comparison} />}
      <span class="visually-hidden" role="status">
        {comparison !== null && !isRunning && shownFault === null ? 'The comparison is done.' : ''}
      </span>
    </div>
  )
}

function RepeatChoice({ repeats, onChange }: { repeats: number; onChange: (repeats: number) => void }) {
  return (
    <Field label="Calls by each protocol" isInline>
      {(attributes) => (
        <select
          {...attributes}
          class="select call-repeats"
          value={repeats}
          onChange={(event) => onChange(Number(event.currentTarget.value))}
        >
          {REPEATS.map((each) => (
            <option key={each} value={each}>
              {each}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
}

function Nothing({ isStream }: { isStream: boolean }) {
  return (
    <EmptyState icon="gauge" title="Compare the protocols" heading="h3">
      <p>
        Makes this call by each protocol that can carry it, one after the other, and shows what went over the wire and
        how long it took{isStream ? ' until the first message' : ''}.
      </p>
    </EmptyState>
  )
}
