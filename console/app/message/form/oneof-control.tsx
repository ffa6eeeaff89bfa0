/** A oneof: at most one of its fields is set. */
import type { DescField, DescOneof } from '@bufbuild/protobuf'
import { batch } from '@preact/signals'
import { useId } from 'preact/hooks'
import { commentOf } from '../../api/comments.ts'
import { Prose } from '../../parts/prose.tsx'
import type { JsonNode, JsonPath } from '../json/json-node.ts'
import { defaultText } from '../schema/default-text.ts'
import { keyOf, memberOfField } from '../schema/field-keys.ts'
import { isUnset } from '../schema/null-value.ts'
import { shapeOf } from '../schema/value-shape.ts'
import { FieldControl } from './field-control.tsx'
import { FieldFacts } from './field-head.tsx'
import { useForm } from './form-source.ts'

interface OneofControlProps {
  readonly oneof: DescOneof
  readonly node: JsonNode | undefined
  readonly path: JsonPath
}

export function OneofControl({ oneof, node, path }: OneofControlProps) {
  const { edits } = useForm()
  const group = useId()
  const chosen = oneof.fields.findLast((field) => !isUnset(field, memberOfField(node, field)?.value))
  const choose = (wanted: DescField | undefined) =>
    batch(() => {
      for (const field of oneof.fields) {
        const member = memberOfField(node, field)
        if (member !== undefined && field !== wanted) edits.remove([...path, member.key.value])
      }
      if (wanted !== undefined && wanted !== chosen) edits.set([...path, keyOf(wanted)], defaultText(shapeOf(wanted)))
    })
  return (
    <fieldset class="draft-group is-oneof">
      <legend>
        <bdi class="draft-name">{oneof.name}</bdi> <span class="draft-facts draft-type">oneof</span>
      </legend>
      <Prose text={commentOf(oneof.parent.file, oneof)} class="draft-help" />
      <div class="draft-choices">
        <Choice group={group} isChosen={chosen === undefined} onChoose={() => choose(undefined)} field={undefined} />
        {oneof.fields.map((field) => (
          <Choice
            key={field.name}
            group={group}
            isChosen={field === chosen}
            onChoose={() => choose(field)}
            field={field}
          />
        ))}
      </div>
      {chosen === undefined ? null : <FieldControl key={chosen.name} field={chosen} node={node} path={path} />}
    </fieldset>
  )
}

interface ChoiceProps {
  readonly group: string
  readonly isChosen: boolean
  readonly onChoose: () => void
  readonly field: DescField | undefined
}

function Choice({ group, isChosen, onChoose, field }: ChoiceProps) {
  return (
    <label class="draft-choice">
      <input type="radio" name={group} checked={isChosen} onChange={onChoose} />
      {field === undefined ? (
        'none'
      ) : (
        <>
          <bdi>{field.name}</bdi> <FieldFacts field={field} />
        </>
      )}
    </label>
  )
}
