/** A value of JSON as a tree that opens and closes. */
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'

/** What is shown at first of a list or an object, and more of with each click. */
const MAX_CHILDREN = 100
/** Deeper and longer ones are closed at first, so that a large message does not become a large document. */
const OPEN_DEPTH = 3
const OPEN_CHILDREN = 20

/** Draws the value. `name` is its key; undefined for the root. */
export function JsonTree({ value, name, depth = 0 }: { value: unknown; name?: string; depth?: number }) {
  if (typeof value !== 'object' || value === null) {
    return (
      <div class="json-leaf" dir="auto">
        <Key name={name} />
        <Scalar value={value} />
      </div>
    )
  }
  return <Branch value={value} name={name} depth={depth} />
}

function Branch({ value, name, depth }: { value: object; name: string | undefined; depth: number }) {
  const entries = Object.entries(value)
  const [isOpen, setIsOpen] = useState(depth === 0 || (depth < OPEN_DEPTH && entries.length <= OPEN_CHILDREN))
  const isList = Array.isArray(value)
  const brackets = isList ? '[]' : '{}'
  if (entries.length === 0) {
    return (
      <div class="json-leaf">
        <Key name={name} />
        <span class="json-soft">{brackets}</span>
      </div>
    )
  }
  return (
    <details class="json-branch" open={isOpen} onToggle={(event) => setIsOpen(event.currentTarget.open)}>
      <summary>
        <Key name={name} />
        <span class="json-soft">{isList ? `[${entries.length}]` : `{${entries.length}}`}</span>
      </summary>
      {isOpen && <Children entries={entries} depth={depth} />}
    </details>
  )
}

function Children({ entries, depth }: { entries: readonly (readonly [string, unknown])[]; depth: number }) {
  const [shown, setShown] = useState(MAX_CHILDREN)
  return (
    <div class="json-children">
      {entries.slice(0, shown).map(([key, child]) => (
        <JsonTree key={key} name={key} value={child} depth={depth + 1} />
      ))}
      {entries.length > shown && (
        <button type="button" class="button is-quiet is-small" onClick={() => setShown(shown + 10 * MAX_CHILDREN)}>
          {entries.length - shown} more
        </button>
      )}
    </div>
  )
}

function Key({ name }: { name: string | undefined }): ComponentChildren {
  if (name === undefined) return null
  return (
    <>
      <span class="json-key" dir="auto">
        {name}
      </span>
      <span class="json-soft">: </span>
    </>
  )
}

function Scalar({ value }: { value: unknown }) {
  const kind = value === null ? 'null' : typeof value
  return <span class={`json-${kind}`}>{typeof value === 'string' ? JSON.stringify(value) : String(value)}</span>
}
