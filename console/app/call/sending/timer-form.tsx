/** The form for messages on a timer. */
import { useState } from 'preact/hooks'
import { Button } from '../../parts/button.tsx'
import { Field } from '../../parts/field.tsx'
import type { SendPlan } from './send-run.ts'
import { timerPlan } from './timer-plan.ts'

/** What the form starts. */
export interface TimerFormProps {
  readonly isDisabled: boolean
  /** Returns the text of the message, with variables. */
  readonly template: () => string
  readonly onStart: (plan: Omit<SendPlan, 'send'>) => void
}

/** Browsers have no timers for more than 24 days. */
const MAX_INTERVAL_MS = 86_400_000

/** Draws the form. */
export function TimerForm({ isDisabled, template, onStart }: TimerFormProps) {
  const [intervalMs, setIntervalMs] = useState(1_000)
  const [count, setCount] = useState(10)
  const isValid = intervalMs >= 0 && intervalMs <= MAX_INTERVAL_MS && Number.isInteger(count) && count >= 0
  return (
    <fieldset class="stack is-tight">
      <legend>Send the message on a timer</legend>
      <div class="row call-timer">
        <NumberField label="Every (ms)" value={intervalMs} onValue={setIntervalMs} />
        <NumberField label="Times (0: until stopped)" value={count} onValue={setCount} />
        <Button
          icon="play"
          isDisabled={isDisabled || !isValid}
          onClick={() => onStart(timerPlan(template(), intervalMs, count))}
        >
          Start the timer
        </Button>
      </div>
      <p class="hint">
        In the message, <code>{'{{index}}'}</code>, <code>{'{{now}}'}</code> and <code>{'{{uuid}}'}</code> are filled in
        each time.
      </p>
    </fieldset>
  )
}

function NumberField({ label, value, onValue }: { label: string; value: number; onValue: (value: number) => void }) {
  return (
    <Field label={label}>
      {(attributes) => (
        <input
          {...attributes}
          type="number"
          min={0}
          class="input"
          value={Number.isNaN(value) ? '' : value}
          onInput={(event) => onValue(event.currentTarget.valueAsNumber)}
        />
      )}
    </Field>
  )
}
