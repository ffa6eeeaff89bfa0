/** A choice of the values of an enum, with their numbers; an open enum also takes numbers without a name. */
import type { DescEnum, DescEnumValue } from '@bufbuild/protobuf'
import { ScalarType } from '@bufbuild/protobuf'
import type { JsonNode } from '../json/json-node.ts'
import { numberText } from '../schema/number-text.ts'
import { type ControlProps, inputAttributes, shownText } from './control-props.ts'
import { useTyped } from './use-typed.ts'

const OTHER = 'other'

export function EnumControl(props: ControlProps & { desc: DescEnum }) {
  const { desc, node, keepsDefault, onValue } = props
  const [zero] = desc.values
  const chosen = node === undefined ? zero : enumValue(desc, node)
  const onChange = (choice: string) => {
    const value = desc.values[Number(choice)]
    if (choice === OTHER) onValue(String(unusedNumber(desc)))
    else if (value !== undefined) onValue(value === zero && !keepsDefault ? null : textOf(desc, value))
  }
  return (
    <div class="draft-inline">
      <select
        class="select"
        {...inputAttributes(props)}
        value={chosen === undefined ? OTHER : desc.values.indexOf(chosen)}
        onChange={(event) => onChange(event.currentTarget.value)}
      >
        {desc.values.map((value, index) => (
          <option key={value.name} value={index}>
            {`${value.name} = ${value.number}${value.deprecated ? ' (deprecated)' : ''}`}
          </option>
        ))}
        {desc.open || chosen === undefined ? <option value={OTHER}>Another number</option> : null}
      </select>
      {chosen === undefined ? <NumberOfEnum {...props} /> : null}
    </div>
  )
}

function NumberOfEnum({ node, describedBy, isInvalid, onValue }: ControlProps) {
  const { text, onInput, onBlur } = useTyped(shownText(node), (typed) =>
    onValue(numberText(ScalarType.INT32, typed.trim())),
  )
  return (
    <input
      type="text"
      class="input is-mono draft-number"
      aria-label="Number of the value"
      aria-describedby={describedBy}
      aria-invalid={isInvalid || undefined}
      value={text}
      onInput={(event) => onInput(event.currentTarget.value)}
      onBlur={onBlur}
    />
  )
}

function enumValue(desc: DescEnum, node: JsonNode): DescEnumValue | undefined {
  const text = shownText(node)
  if (node.kind === 'number') return desc.values.find((value) => String(value.number) === text)
  if (node.kind === 'literal') return desc.values[0]
  return desc.values.find((value) => value.name === text || value.jsonName === text)
}

function textOf(desc: DescEnum, value: DescEnumValue): string {
  return desc.typeName === 'google.protobuf.NullValue' ? 'null' : JSON.stringify(value.jsonName)
}

function unusedNumber(desc: DescEnum): number {
  return Math.max(...desc.values.map((value) => value.number)) + 1
}
