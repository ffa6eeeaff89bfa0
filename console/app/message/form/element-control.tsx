/** The control of an item of a list or of a value of a map. */
import { useId } from 'preact/hooks'
import type { JsonNode, JsonPath } from '../json/json-node.ts'
import { type AnyField, shapeOf } from '../schema/value-shape.ts'
import { FaultList, useFaults } from './fault-list.tsx'
import { useForm } from './form-source.ts'
import { MessageControl } from './message-control.tsx'
import { hasOwnControl, ValueControl } from './value-control.tsx'

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
  const { isInvalid, faultsId } = useFaults(path, id)
  const shape = shapeOf(field)
  return (
    <div class="draft-element">
      {shape.kind === 'message' && !hasOwnControl({ shape }) ? (
        <MessageControl message={shape.message} node={node} path={path} name={name} isItem={true} />
      ) : (
        <ValueControl
          shape={shape}
          node={node}
          path={path}
          field={undefined}
          id={id}
          name={name}
          describedBy={faultsId}
          isInvalid={isInvalid}
          keepsDefault={true}
          onValue={(value) => edits.set(path, value ?? '""')}
        />
      )}
      <FaultList path={path} id={id} />
    </div>
  )
}
