/** Buttons that show other parts of a long list. */
import { Button } from '../../parts/button.tsx'
import { type ListWindow, WINDOW_SIZE } from './use-window.ts'

export function WindowButtons({ shown, count }: { shown: ListWindow; count: number }) {
  if (!shown.canPage) return null
  const { from, to, show } = shown
  return (
    <div class="draft-actions">
      <Button isSmall={true} isDisabled={from === 0} onClick={() => show(from - WINDOW_SIZE)}>
        Previous
      </Button>
      <span class="hint" role="status">{`${from + 1} to ${to} of ${count}`}</span>
      <Button isSmall={true} isDisabled={to >= count} onClick={() => show(to)}>
        Next
      </Button>
      <label class="draft-set">
        Go to
        <input
          type="text"
          class="input draft-page"
          inputMode="numeric"
          onChange={(event) => show(Number.parseInt(event.currentTarget.value, 10) - 1 || 0)}
        />
      </label>
    </div>
  )
}
