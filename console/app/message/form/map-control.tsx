/** A map: entries with keys that are changed when the input of a key is left, so that two never meet while one is typed. */
import { ScalarType } from '@bufbuild/protobuf'
import { useId, useState } from 'preact/hooks'
import { mapKeyValue, scalarNeeds } from '../check/check-scalar.ts'
import type { JsonMember, JsonNode, JsonPath } from '../json/json-node.ts'
import { defaultText } from '../schema/default-text.ts'
import { type AnyField, shapeOf } from '../schema/value-shape.ts'
import { ElementControl } from './element-control.tsx'
import { fieldTitle } from './field-head.tsx'
import { focusAdd, focusInput } from './focus-at.ts'
import { AddButton, IconButton } from './form-buttons.tsx'
import { pathId, useForm } from './form-source.ts'
import { useRefusal } from './use-refusal.ts'
import { useWindow } from './use-window.ts'
import { WindowButtons } from './window-buttons.tsx'

interface MapControlProps {
  readonly field: AnyField & { fieldKind: 'map' }
  readonly node: JsonNode | undefined
  readonly path: JsonPath
}

export function MapControl({ field, node, path }: MapControlProps) {
  const { edits } = useForm()
  const members = node?.kind === 'object' ? node.members : []
  const shown = useWindow(members.length)
  const keys = new Set(members.map((member) => member.key.value))
  const fresh = unusedKey(field.mapKey, keys)
  const add = () => {
    edits.set([...path, fresh ?? ''], defaultText(shapeOf(field)))
    shown.show(members.length)
    focusInput([...path, fresh ?? ''])
  }
  return (
    <div class="draft-list">
      <WindowButtons shown={shown} count={members.length} />
      {members.length === 0 ? null : (
        <ul class="draft-items">
          {members.slice(shown.from, shown.to).map((member, offset) => (
            <Entry key={shown.from + offset} field={field} member={member} path={path} keys={keys} />
          ))}
        </ul>
      )}
      <AddButton what="entry" name={fieldTitle(field)} path={path} isDisabled={fresh === undefined} onClick={add} />
    </div>
  )
}

function Entry(props: Pick<MapControlProps, 'field' | 'path'> & { member: JsonMember; keys: ReadonlySet<string> }) {
  const { field, member, path, keys } = props
  const { edits } = useForm()
  const key = member.key.value
  const at = [...path, key]
  const remove = () => {
    edits.remove(keys.size === 1 ? path : at)
    focusAdd(path)
  }
  return (
    <li class="draft-item" data-path={pathId(at)}>
      <KeyInput field={field} path={path} value={key} keys={keys} onKey={(next) => edits.rename(at, next)} />
      <ElementControl field={field} node={member.value} path={at} name={`${fieldTitle(field)} ${key}: value`} />
      <div class="draft-actions is-side">
        <IconButton label={`Remove ${fieldTitle(field)} ${key}`} icon="close" onClick={remove} />
      </div>
    </li>
  )
}

interface KeyInputProps {
  readonly field: AnyField & { fieldKind: 'map' }
  /** Where the map is. */
  readonly path: JsonPath
  readonly value: string
  readonly keys: ReadonlySet<string>
  readonly onKey: (key: string) => void
}

function KeyInput({ field, path, value, keys, onKey }: KeyInputProps) {
  const id = useId()
  // Of another key, as when the entry before has been removed, it does not count.
  const [typing, setTyping] = useState<{ readonly of: string; readonly text: string } | null>(null)
  const typed = typing?.of === value ? typing.text : null
  const shown = typed ?? value
  const fault = keyFault(field.mapKey, shown, value, keys)
  useRefusal(path, typed === null || fault === undefined ? undefined : `${shown}: ${fault}`)
  const leave = () => {
    if (typed !== null && typed !== value && fault === undefined) onKey(typed)
    if (fault === undefined) setTyping(null)
  }
  return (
    <div class="draft-key">
      <input
        type="text"
        class="input is-mono"
        aria-label={`${fieldTitle(field)} ${value}: key`}
        aria-invalid={fault !== undefined || undefined}
        aria-describedby={fault === undefined ? undefined : id}
        dir="auto"
        autocomplete="off"
        spellcheck={false}
        value={shown}
        onInput={(event) => setTyping({ of: value, text: event.currentTarget.value })}
        onChange={leave}
        onBlur={leave}
      />
      {fault === undefined ? null : (
        <p class="draft-fault" id={id}>
          {fault}
        </p>
      )}
    </div>
  )
}

function keyFault(scalar: ScalarType, typed: string, value: string, keys: ReadonlySet<string>): string | undefined {
  if (mapKeyValue(scalar, typed) === null) return `A key must be ${scalarNeeds(scalar)}.`
  return typed !== value && keys.has(typed) ? 'Another entry has this key.' : undefined
}

/** Returns a key that no entry has; undefined if there is none. */
function unusedKey(scalar: ScalarType, keys: ReadonlySet<string>): string | undefined {
  if (scalar === ScalarType.BOOL) return ['true', 'false'].find((key) => !keys.has(key))
  for (let number = 1; ; number++) {
    const key = scalar === ScalarType.STRING ? `key${number}` : String(number)
    if (!keys.has(key)) return key
  }
}
