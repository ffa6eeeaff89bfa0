/** Shows the error of the last call. */
import { errorText } from './error-text.ts'

/** Shows the error in an element, or hides the element if there is none. */
export function showError(target: HTMLElement, reason?: unknown): void {
  target.hidden = reason === undefined
  target.textContent = reason === undefined ? '' : errorText(reason)
}
