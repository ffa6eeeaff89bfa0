/** What stands above the control of a field: its name, type and comment. */
import type { ComponentChildren } from 'preact'
import { Prose } from '../../parts/prose.tsx'
import { fieldComment } from '../schema/comments-of.ts'
import { type AnyField, fieldTypeName, shortTypeName } from '../schema/value-shape.ts'

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
      <code class="draft-type" title={fieldTypeName(field)}>
        {shortTypeName(field)}
      </code>
      {isGroup ? <span class="badge">group</span> : null}
      {field.presence === REQUIRED ? <span class="badge is-accent">required</span> : null}
      {field.deprecated ? <span class="badge is-warn">deprecated</span> : null}
      {field.kind === 'field' && field.jsonName !== usualJsonName ? (
        <span class="badge">
          JSON name <bdi>{field.jsonName}</bdi>
        </span>
      ) : null}
    </span>
  )
}

export function FieldHelp({ field, id }: { field: AnyField; id: string }) {
  const comment = fieldComment(field)
  return comment === '' ? null : (
    <div class="draft-help" id={`${id}-help`}>
      <Prose text={comment} />
    </div>
  )
}

/** Returns the ids of what describes a field's control. */
export function describedBy(field: AnyField, id: string, faultsId: string | undefined): string | undefined {
  const ids = [fieldComment(field) === '' ? undefined : `${id}-help`, faultsId].filter((each) => each !== undefined)
  return ids.length === 0 ? undefined : ids.join(' ')
}

/** A name with controls that are no single input. */
export interface FieldGroupProps {
  readonly field: AnyField
  readonly id: string
  readonly describedBy: string | undefined
  /** Whether it has a button alone, and needs no frame. */
  readonly isEmpty: boolean
  readonly children: ComponentChildren
}

export function FieldGroup({ field, id, describedBy, isEmpty, children }: FieldGroupProps) {
  const head = (
    <>
      <bdi class="draft-name">{fieldTitle(field)}</bdi> <FieldFacts field={field} />
    </>
  )
  if (isEmpty) {
    return (
      <div class="draft-field">
        <div class="draft-head">{head}</div>
        <FieldHelp field={field} id={id} />
        {children}
      </div>
    )
  }
  return (
    <fieldset class="draft-group" aria-describedby={describedBy}>
      <legend>{head}</legend>
      <FieldHelp field={field} id={id} />
      {children}
    </fieldset>
  )
}
