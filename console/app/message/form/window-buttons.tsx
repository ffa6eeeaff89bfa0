/** Buttons that show other parts of a long list. */
import { type ListWindow, WINDOW_SIZE } from './use-window.ts'

export function WindowButtons({ shown, count }: { shown: ListWindow; count: number }) {
  if (!shown.canPage) return null
  const { from, to, show } = shown
  return (
    <div class="draft-actions">
      <button type="button" class="button is-quiet" disabled={from === 0} onClick={() => show(from - WINDOW_SIZE)}>
        Previous
      </button>
      <span class="hint" role="status">{`${from + 1} to ${to} of ${count}`}</span>
      <button type="button" class="button is-quiet" disabled={to >= count} onClick={() => show(to)}>
        Next
      </button>
      <label class="draft-set">
        Go to
        <input
          type="text"
          class="draft-page"
          inputMode="numeric"
          onChange={(event) => show(Number.parseInt(event.currentTarget.value, 10) - 1 || 0)}
        />
      </label>
    </div>
  )
}
