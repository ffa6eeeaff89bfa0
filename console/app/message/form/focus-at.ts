/** Where the focus goes when what had it is gone, or when something was added. */
import type { JsonPath } from '../json/json-node.ts'
import { pathId } from './form-source.ts'

const INPUTS = ':is(input, textarea, select, button):not(:disabled)'

/** Moves the focus into what was added at a path, once it is there. */
export function focusInput(path: JsonPath): void {
  focusSoon(`[data-path="${CSS.escape(pathId(path))}"] ${INPUTS}`)
}

/** Moves the focus to the button that adds to a list or map, or adds a message. */
export function focusAdd(path: JsonPath): void {
  focusSoon(`[data-add="${CSS.escape(pathId(path))}"] button`)
}

/** Follows an item that was moved with its button, or the other one where it can not go further. */
export function focusMove(path: JsonPath, direction: 'up' | 'down'): void {
  const buttons = `[data-path="${CSS.escape(pathId(path))}"] > .draft-actions > button:not(:disabled)`
  focusSoon(
    `${buttons}:nth-child(${direction === 'up' ? 1 : 2})`,
    `${buttons}:nth-child(${direction === 'up' ? 2 : 1})`,
  )
}

function focusSoon(...selectors: readonly string[]): void {
  requestAnimationFrame(() => {
    const found = selectors.map((selector) => document.querySelector<HTMLElement>(selector))
    found.find((element) => element !== null)?.focus()
  })
}
