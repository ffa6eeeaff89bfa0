/** What stands above the control of a field: its name, type and comment. */
import type { Registry } from '@bufbuild/protobuf'
import type { ComponentChildren } from 'preact'
import { commentOf } from '../../api/comments.ts'
import { fieldRules } from '../../api/field-rules.ts'
import { protoJsonName } from '../../api/json-names.ts'
import { Prose } from '../../parts/prose.tsx'
import { isRequired } from '../schema/field-presence.ts'
import { type AnyField, fieldTypeName, fileOf, shortTypeName } from '../schema/value-shape.ts'
import { useForm } from './form-source.ts'

/** Returns the name of a field as people know it from the proto file. */
export function fieldTitle(field: AnyField): string {
  return field.kind === 'extension' ? `[${field.typeName}]` : field.name
}

/** The type of a field and what is special about it. */
export function FieldFacts({ field }: { field: AnyField }) {
  const isGroup = field.fieldKind === 'message' && field.delimitedEncoding
  return (
    <span class="draft-facts">
      <code class="draft-type" title={fieldTypeName(field)}>
        {shortTypeName(field)}
      </code>
      {isGroup ? <span class="badge">group</span> : null}
      {isRequired(field) ? <span class="badge is-accent">required</span> : null}
      {field.deprecated ? <span class="badge is-warn">deprecated</span> : null}
      {field.kind === 'field' && field.jsonName !== protoJsonName(field.name) ? (
        <span class="badge">
          JSON name <bdi>{field.jsonName}</bdi>
        </span>
      ) : null}
    </span>
  )
}

/** The comment of a field, and the rules that protovalidate has for it. */
export function FieldHelp({ field, id }: { field: AnyField; id: string }) {
  const { registry } = useForm()
  const help = helpOf(field, registry)
  if (help === null) return null
  return (
    <div class="draft-help" id={`${id}-help`}>
      <Prose text={help.comment} />
      {help.rules.length === 0 ? null : <p dir="auto">{help.rules.join(', ')}</p>}
    </div>
  )
}

interface FieldHelpText {
  readonly comment: string
  readonly rules: readonly string[]
}

/** Forms ask at each key press, and rules take a while to read. */
const helps = new WeakMap<AnyField, FieldHelpText | null>()

function helpOf(field: AnyField, registry: Registry): FieldHelpText | null {
  let help = helps.get(field)
  if (help === undefined) {
    const comment = commentOf(fileOf(field), field)
    const rules = fieldRules(field, registry)
    help = comment === '' && rules.length === 0 ? null : { comment, rules }
    helps.set(field, help)
  }
  return help
}

/** Returns the ids of what describes a field's control. */
export function useDescribedBy(field: AnyField, id: string, faultsId: string | undefined): string | undefined {
  const { registry } = useForm()
  const ids = [helpOf(field, registry) === null ? undefined : `${id}-help`, faultsId].filter(
    (each) => each !== undefined,
  )
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
