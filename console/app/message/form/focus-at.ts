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

function focusSoon(selector: string): void {
  requestAnimationFrame(() => document.querySelector<HTMLElement>(selector)?.focus())
}
