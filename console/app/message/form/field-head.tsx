/** What stands above the control of a field: its name, type and comment. */
import type { ComponentChildren } from 'preact'
import { fieldComment } from '../schema/comments-of.ts'
import { type AnyField, fieldTypeName } from '../schema/value-shape.ts'

/** `FeatureSet.FieldPresence.LEGACY_REQUIRED`. */
const REQUIRED = 3

/** Returns the name of a field as people know it from the proto file. */
export function fieldTitle(field: AnyField): string {
  return field.kind === 'extension' ? `[${field.typeName}]` : field.name
}

/** The type of a field and what is special about it. */
export function FieldFacts({ field }: { field: AnyField }) {
  const usualJsonName = field.name.replace(/_+(\w?)/g, (_, letter: string) => letter.toUpperCase())
  const isGroup = field.fieldKind === 'message' && field.delimitedEncoding
  return (
    <span class="draft-facts">
      <code class="draft-type">{fieldTypeName(field)}</code>
      {isGroup ? <span class="draft-badge">group</span> : null}
      {field.presence === REQUIRED ? <span class="draft-badge is-required">required</span> : null}
      {field.deprecated ? <span class="draft-badge is-deprecated">deprecated</span> : null}
      {field.kind === 'field' && field.jsonName !== usualJsonName ? (
        <span class="draft-badge">
          JSON name <bdi>{field.jsonName}</bdi>
        </span>
      ) : null}
    </span>
  )
}

export function FieldHelp({ field, id }: { field: AnyField; id: string }) {
  const comment = fieldComment(field)
  return comment === '' ? null : (
    <p class="draft-help" id={`${id}-help`} dir="auto">
      {comment}
    </p>
  )
}

/** Returns the ids of what describes a field's control. */
export function describedBy(field: AnyField, id: string, faultsId: string | undefined): string | undefined {
  const ids = [fieldComment(field) === '' ? undefined : `${id}-help`, faultsId].filter((each) => each !== undefined)
  return ids.length === 0 ? undefined : ids.join(' ')
}

/** A group of controls with a name, for what is more than one input. */
export function FieldGroup(props: {
  field: AnyField
  id: string
  describedBy: string | undefined
  children: ComponentChildren
}) {
  return (
    <fieldset class="draft-group" aria-describedby={props.describedBy}>
      <legend>
        <bdi class="draft-name">{fieldTitle(props.field)}</bdi> <FieldFacts field={props.field} />
      </legend>
      <FieldHelp field={props.field} id={props.id} />
      {props.children}
    </fieldset>
  )
}
