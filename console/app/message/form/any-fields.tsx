/** A message of a type that is chosen among all of the API. */
import { hasCustomJsonRepresentation } from '@bufbuild/protobuf/wkt'
import { batch } from '@preact/signals'
import { useId, useMemo, useState } from 'preact/hooks'
import { memberOf } from '../json/json-node.ts'
import { defaultMessageText } from '../schema/default-text.ts'
import { FaultList, useFaults } from './fault-list.tsx'
import { type MessageFieldsProps, useForm } from './form-source.ts'
import { StandaloneValue } from './standalone-value.tsx'
import { hasOwnControl } from './value-control.tsx'

const PREFIX = 'type.googleapis.com/'
const MAX_SUGGESTIONS = 100

export function AnyFields({ node, path }: Pick<MessageFieldsProps, 'node' | 'path'>) {
  const { registry, edits, Fields } = useForm()
  const member = node?.kind === 'object' ? memberOf(node, '@type') : undefined
  const url = member?.value.kind === 'string' ? member.value.value : ''
  const message = registry.getMessage(url.slice(url.lastIndexOf('/') + 1))
  const onType = (name: string) => {
    const chosen = registry.getMessage(name.slice(name.lastIndexOf('/') + 1))
    batch(() => {
      edits.set(path, '{}')
      if (name !== '') edits.set([...path, '@type'], JSON.stringify(name.includes('/') ? name : `${PREFIX}${name}`))
      if (chosen !== undefined && hasCustomJsonRepresentation(chosen)) {
        edits.set([...path, 'value'], defaultMessageText(chosen))
      }
    })
  }
  return (
    <div class="draft-fields">
      <TypeInput path={[...path, '@type']} value={url} onType={onType} />
      {message === undefined ? null : hasCustomJsonRepresentation(message) ? (
        <AnyValue message={message} node={node} path={path} />
      ) : (
        <Fields message={message} node={node} path={path} />
      )}
    </div>
  )
}

interface TypeInputProps {
  readonly path: MessageFieldsProps['path']
  readonly value: string
  readonly onType: (name: string) => void
}

function TypeInput({ path, value, onType }: TypeInputProps) {
  const id = useId()
  const { registry } = useForm()
  const { isInvalid, faultsId } = useFaults(path, id)
  const [typed, setTyped] = useState<string | null>(null)
  const name = value.startsWith(PREFIX) ? value.slice(PREFIX.length) : value
  const wanted = (typed ?? '').toLowerCase()
  const suggestions = useMemo(
    () =>
      [...registry]
        .filter((type) => type.kind === 'message' && type.typeName.toLowerCase().includes(wanted))
        .slice(0, MAX_SUGGESTIONS),
    [registry, wanted],
  )
  const onInput = (text: string) => {
    setTyped(text)
    // Another type has other fields, and those of this one go.
    if (text !== name && registry.getMessage(text) !== undefined) onType(text)
  }
  return (
    <div class="draft-field">
      <div class="draft-head">
        <label for={id}>
          <span class="draft-name">Type</span>
        </label>
        <span class="draft-facts draft-type">name of a message</span>
      </div>
      <input
        id={id}
        type="text"
        class="input is-mono"
        list={`${id}-types`}
        aria-invalid={isInvalid || undefined}
        aria-describedby={faultsId}
        autocomplete="off"
        spellcheck={false}
        value={typed ?? name}
        onInput={(event) => onInput(event.currentTarget.value.trim())}
        onChange={(event) => {
          if (event.currentTarget.value.trim() !== name) onType(event.currentTarget.value.trim())
          setTyped(null)
        }}
      />
      <datalist id={`${id}-types`}>
        {suggestions.map((type) => (
          <option key={type.typeName} value={type.typeName} />
        ))}
      </datalist>
      <FaultList path={path} id={id} />
    </div>
  )
}

function AnyValue({ message, node, path }: MessageFieldsProps) {
  const { edits, Fields } = useForm()
  const at = [...path, 'value']
  const value = node?.kind === 'object' ? memberOf(node, 'value')?.value : undefined
  const shape = { kind: 'message', message } as const
  const onValue = (next: string | null) => edits.set(at, next ?? defaultMessageText(message))
  if (!hasOwnControl({ shape })) return <Fields message={message} node={value} path={at} />
  return (
    <div class="draft-field">
      <StandaloneValue shape={shape} node={value} path={at} name="value" onValue={onValue} />
    </div>
  )
}
