/** The control of an item of a list or of a value of a map. */
import { useId } from 'preact/hooks'
import type { JsonNode, JsonPath } from '../json/json-node.ts'
import { type AnyField, shapeOf } from '../schema/value-shape.ts'
import { FaultList } from './fault-list.tsx'
import { useForm } from './form-source.ts'
import { MessageControl } from './message-control.tsx'
import { StandaloneValue } from './standalone-value.tsx'
import { hasOwnControl } from './value-control.tsx'

export interface ElementControlProps {
  readonly field: AnyField
  readonly node: JsonNode
  readonly path: JsonPath
  /** The accessible name. */
  readonly name: string
}

export function ElementControl({ field, node, path, name }: ElementControlProps) {
  const id = useId()
  const { edits } = useForm()
  const shape = shapeOf(field)
  if (shape.kind === 'message' && !hasOwnControl({ shape })) {
    return (
      <div class="draft-element">
        <MessageControl message={shape.message} node={node} path={path} name={name} isItem={true} />
        <FaultList path={path} id={id} />
      </div>
    )
  }
  return (
    <div class="draft-element">
      <StandaloneValue
        shape={shape}
        node={node}
        path={path}
        name={name}
        onValue={(value) => edits.set(path, value ?? '""')}
      />
    </div>
  )
}
