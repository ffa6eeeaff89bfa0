/** Inputs for scalars. Numbers are text inputs: those of browsers round 64-bit integers and drop what they can not read. */
import { ScalarType } from '@bufbuild/protobuf'
import { numberText } from '../schema/number-text.ts'
import { integerRange } from '../schema/value-shape.ts'
import { BytesControl } from './bytes-control.tsx'
import { type ControlProps, inputAttributes, shownText } from './control-props.ts'
import { useTyped } from './use-typed.ts'

export function ScalarControl(props: ControlProps & { scalar: ScalarType }) {
  switch (props.scalar) {
    case ScalarType.BOOL:
      return <BoolControl {...props} />
    case ScalarType.STRING:
      return <StringControl {...props} />
    case ScalarType.BYTES:
      return <BytesControl {...props} />
    default:
      return <NumberControl {...props} />
  }
}

function BoolControl(props: ControlProps) {
  const isOn = props.node?.kind === 'literal' && props.node.value === true
  return (
    <input
      type="checkbox"
      {...inputAttributes(props)}
      checked={isOn}
      onChange={(event) => props.onValue(event.currentTarget.checked ? 'true' : props.keepsDefault ? 'false' : null)}
    />
  )
}

function StringControl(props: ControlProps) {
  const { text, onInput, onBlur } = useTyped(shownText(props.node), (typed) =>
    props.onValue(typed === '' && !props.keepsDefault ? null : JSON.stringify(typed)),
  )
  return (
    <textarea
      class="textarea draft-text"
      {...inputAttributes(props)}
      dir="auto"
      rows={Math.min(12, text.split('\n', 12).length)}
      spellcheck={false}
      placeholder={defaultHint(props)}
      value={text}
      onInput={(event) => onInput(event.currentTarget.value)}
      onBlur={onBlur}
    />
  )
}

function NumberControl(props: ControlProps & { scalar: ScalarType }) {
  const isInteger = integerRange(props.scalar) !== undefined
  const { text, onInput, onBlur } = useTyped(shownText(props.node), (typed) =>
    props.onValue(typed === '' ? null : numberText(props.scalar, typed.trim())),
  )
  const listId = `${props.id}-names`
  return (
    <>
      <input
        type="text"
        class="input is-mono draft-number"
        {...inputAttributes(props)}
        // A keyboard of digits alone has no minus and no exponent.
        inputMode={isInteger && integerRange(props.scalar)?.min === 0n ? 'numeric' : 'text'}
        list={isInteger ? undefined : listId}
        autocomplete="off"
        spellcheck={false}
        placeholder={defaultHint(props)}
        value={text}
        onInput={(event) => onInput(event.currentTarget.value)}
        onBlur={onBlur}
      />
      {isInteger ? null : (
        <datalist id={listId}>
          <option value="NaN" />
          <option value="Infinity" />
          <option value="-Infinity" />
        </datalist>
      )}
    </>
  )
}

/** Says what the value is while it is unset. */
function defaultHint({ field, node }: ControlProps): string | undefined {
  if (node !== undefined || field === undefined || field.fieldKind !== 'scalar') return undefined
  const value = field.getDefaultValue()
  return value === undefined || value instanceof Uint8Array ? undefined : `default: ${value}`
}
