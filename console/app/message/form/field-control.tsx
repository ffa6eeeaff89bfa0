/** A field of a message with its control. */
import { useId } from 'preact/hooks'
import { isNull, type JsonNode, type JsonPath } from '../json/json-node.ts'
import { defaultText } from '../schema/default-text.ts'
import { keyOf, memberOfField } from '../schema/field-keys.ts'
import { isImplicit } from '../schema/field-presence.ts'
import { isUnset } from '../schema/null-value.ts'
import { type AnyField, shapeOf } from '../schema/value-shape.ts'
import { FaultList, useFaults } from './fault-list.tsx'
import { FieldFacts, FieldGroup, FieldHelp, fieldTitle, useDescribedBy } from './field-head.tsx'
import { useForm } from './form-source.ts'
import { ListControl } from './list-control.tsx'
import { MapControl } from './map-control.tsx'
import { MessageControl } from './message-control.tsx'
import { hasOwnControl, ValueControl } from './value-control.tsx'

export interface FieldControlProps {
  readonly field: AnyField
  /** The JSON of the message that the field is in, and where it is. */
  readonly node: JsonNode | undefined
  readonly path: JsonPath
}

export function FieldControl({ field, node, path }: FieldControlProps) {
  const id = useId()
  const member = memberOfField(node, field)
  const valuePath = [...path, member?.key.value ?? keyOf(field)]
  const { faultsId } = useFaults(valuePath, id)
  const described = useDescribedBy(field, id, faultsId)
  const value = member?.value
  if (field.fieldKind === 'list' || field.fieldKind === 'map' || !hasOwnControl({ shape: shapeOf(field) })) {
    return (
      <FieldGroup field={field} id={id} describedBy={described} isEmpty={isEmpty(value)}>
        <GroupControl field={field} node={value} path={valuePath} />
        <FaultList path={valuePath} id={id} />
      </FieldGroup>
    )
  }
  return <SingleField field={field} node={value} path={valuePath} id={id} />
}

function isEmpty(node: JsonNode | undefined): boolean {
  return node === undefined || isNull(node) || (node.kind === 'array' && node.items.length === 0)
}

function GroupControl({ field, node, path }: FieldControlProps) {
  if (field.fieldKind === 'list') return <ListControl field={field} node={node} path={path} />
  if (field.fieldKind === 'map') return <MapControl field={field} node={node} path={path} />
  const shape = shapeOf(field)
  if (shape.kind !== 'message') return null
  return <MessageControl message={shape.message} node={node} path={path} name={fieldTitle(field)} />
}

/** A field with one input. The members of oneofs have no switch of their own, as a choice sets them. */
export function SingleField({ field, node, path, id }: FieldControlProps & { id: string }) {
  const { edits } = useForm()
  const { isInvalid, faultsId } = useFaults(path, id)
  const described = useDescribedBy(field, id, faultsId)
  const shape = shapeOf(field)
  const hasPresence = !isImplicit(field) && field.oneof === undefined
  const isSet = !isUnset(field, node)
  const onValue = (value: string | null) => {
    if (value !== null) edits.set(path, value)
    else if (field.oneof === undefined) edits.remove(path)
    else edits.set(path, '""')
  }
  return (
    <div class="draft-field">
      <div class="draft-head">
        <label for={id}>
          <bdi class="draft-name">{fieldTitle(field)}</bdi>
        </label>
        <FieldFacts field={field} />
        {hasPresence ? (
          <label class="draft-set">
            <input
              type="checkbox"
              checked={isSet}
              onChange={() => (isSet ? edits.remove(path) : edits.set(path, defaultText(shape)))}
            />
            set<span class="visually-hidden"> {fieldTitle(field)}</span>
          </label>
        ) : null}
      </div>
      <FieldHelp field={field} id={id} />
      <ValueControl
        shape={shape}
        node={isSet ? node : undefined}
        path={path}
        field={field}
        id={id}
        name={undefined}
        describedBy={described}
        isInvalid={isInvalid}
        keepsDefault={!isImplicit(field)}
        onValue={onValue}
      />
      <FaultList path={path} id={id} />
    </div>
  )
}
