/** A field in the page of its message. */
import type { DescField, Registry } from '@bufbuild/protobuf'
import { useEffect, useRef } from 'preact/hooks'
import { commentOf } from '../api/comments.ts'
import { fieldRules } from '../api/field-rules.ts'
import { ownJsonName } from '../api/json-names.ts'
import { Badge } from '../parts/badge.tsx'
import { Prose } from '../parts/prose.tsx'
import { route } from '../route/route.ts'
import { OptionList } from './option-list.tsx'
import { RuleList } from './rule-list.tsx'
import { FieldType } from './type-link.tsx'

/** Draws it. The field that the query of the route names is marked and scrolled to. */
export function FieldItem({ field, registry }: { field: DescField; registry: Registry }) {
  const element = useRef<HTMLLIElement>(null)
  const isTarget = route.value.query.get('field') === field.name
  useEffect(() => {
    if (isTarget) element.current?.scrollIntoView({ block: 'center' })
  }, [isTarget])
  return (
    <li class={isTarget ? 'item is-target' : 'item'} ref={element}>
      <div class="field-head">
        <h3 class={field.deprecated ? 'field-name is-deprecated' : 'field-name'}>
          <bdi>{field.name}</bdi>
        </h3>
        <FieldType field={field} />
        <span class="row is-tight field-end">
          {field.deprecated && <Badge tone="warn">deprecated</Badge>}
          <span class="field-number" title="The number of the field">
            {field.number}
          </span>
        </span>
      </div>
      <Prose text={commentOf(field.parent.file, field)} />
      <FieldFacts field={field} />
      <RuleList rules={fieldRules(field, registry)} />
      <OptionList declaration={field} registry={registry} />
    </li>
  )
}

function FieldFacts({ field }: { field: DescField }) {
  const jsonName = ownJsonName(field)
  const { defaultValue } = field.proto
  const isDelimited = field.fieldKind === 'message' && field.delimitedEncoding
  if (jsonName === '' && defaultValue === '' && !isDelimited) return null
  return (
    <p class="hint row is-tight">
      {jsonName !== '' && (
        <span>
          JSON name <code dir="auto">{jsonName}</code>
        </span>
      )}
      {defaultValue !== '' && (
        <span>
          default <code dir="auto">{defaultValue}</code>
        </span>
      )}
      {isDelimited && <span>delimited encoding</span>}
    </p>
  )
}
