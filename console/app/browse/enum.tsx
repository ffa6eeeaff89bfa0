/** The page of an enum. */
import type { DescEnum, DescEnumValue, Registry } from '@bufbuild/protobuf'
import { useEffect, useRef } from 'preact/hooks'
import type { Api } from '../api/api.ts'
import { commentOf } from '../api/comments.ts'
import { Badge } from '../parts/badge.tsx'
import { countOf } from '../parts/format.ts'
import { LongList } from '../parts/long-list.tsx'
import { NotFound } from '../parts/not-found.tsx'
import { Prose } from '../parts/prose.tsx'
import { route } from '../route/route.ts'
import { api } from '../session/facts.ts'
import './browse.css'
import { DeclarationText } from './declaration-text.tsx'
import { OptionList } from './option-list.tsx'
import { PageHead } from './page-head.tsx'
import { UsedBy } from './used-by.tsx'

/** Draws the enum that the route names. */
export function View() {
  const { name } = route.value
  const known = api.value
  const declaration = known?.registry.getEnum(name)
  if (known === null || declaration === undefined) return <NotFound kind="enum" name={name} />
  return <Enum key={name} declaration={declaration} api={known} />
}

function Enum({ declaration, api: known }: { declaration: DescEnum; api: Api }) {
  const { registry } = known
  return (
    <div class="page">
      <div class="stack is-tight">
        <PageHead declaration={declaration} />
        <p class="hint">
          {declaration.open
            ? 'Open: receivers keep numbers that have no name.'
            : 'Closed: numbers that have no name are not values of this enum.'}
        </p>
        <OptionList declaration={declaration} registry={registry} />
      </div>
      <section class="stack">
        <h2>{countOf(declaration.values.length, 'value')}</h2>
        <ul class="plain card is-flush">
          <LongList
            items={declaration.values}
            noun="value"
            item={(value) => <Value value={value} registry={registry} />}
          />
        </ul>
      </section>
      <UsedBy type={declaration} api={known} />
      <DeclarationText declaration={declaration} registry={registry} />
    </div>
  )
}

function Value({ value, registry }: { value: DescEnumValue; registry: Registry }) {
  const element = useRef<HTMLLIElement>(null)
  const isTarget = route.value.query.get('value') === value.name
  useEffect(() => {
    if (isTarget) element.current?.scrollIntoView({ block: 'center' })
  }, [isTarget])
  return (
    <li class={isTarget ? 'item is-target' : 'item'} ref={element}>
      <div class="row is-tight">
        <h3 class={value.deprecated ? 'field-name is-deprecated' : 'field-name'}>
          <bdi>{value.name}</bdi>
        </h3>
        {value.deprecated && <Badge tone="warn">deprecated</Badge>}
        <span class="field-number">{value.number}</span>
      </div>
      <Prose text={commentOf(value.parent.file, value)} />
      <OptionList declaration={value} registry={registry} />
    </li>
  )
}
