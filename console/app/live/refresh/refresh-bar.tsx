/** What the user sets about refreshes: how often, and whether at all. */
import { Button } from '../../parts/button.tsx'
import { Field } from '../../parts/field.tsx'
import { formatDuration, formatTime } from '../../parts/format.ts'
import { INTERVALS_MS, type Refresher } from './refresher.ts'

/** Draws the controls of a refresher. */
export function RefreshBar({ refresher }: { refresher: Refresher }) {
  const { intervalMs, isPaused, refreshedAtMs } = refresher
  return (
    <div class="row refresh-bar">
      <Field label="Every" isInline>
        {(attributes) => (
          <select
            {...attributes}
            class="select"
            value={intervalMs.value}
            onChange={(event) => {
              intervalMs.value = Number(event.currentTarget.value)
            }}
          >
            {INTERVALS_MS.map((choice) => (
              <option key={choice} value={choice}>
                {formatDuration(choice)}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Button
        icon={isPaused.value ? 'play' : 'pause'}
        isPressed={isPaused.value}
        onClick={() => {
          isPaused.value = !isPaused.value
        }}
      >
        Pause
      </Button>
      <Button icon="refresh" label="Refresh now" onClick={() => refresher.refreshNow()} />
      <span class="soft small number">
        {refreshedAtMs.value === null
          ? 'Not refreshed yet'
          : `At ${formatTime(new Date(refreshedAtMs.value)).slice(0, 8)}`}
      </span>
    </div>
  )
}
