/** The page of a message. */
import type { DescEnum, DescField, DescMessage, DescOneof, Registry } from '@bufbuild/protobuf'
import type { Api } from '../api/api.ts'
import { commentOf } from '../api/comments.ts'
import { messageRules, oneofRules } from '../api/field-rules.ts'
import { countOf } from '../parts/format.ts'
import { LongList } from '../parts/long-list.tsx'
import { NotFound } from '../parts/not-found.tsx'
import { Prose } from '../parts/prose.tsx'
import { route } from '../route/route.ts'
import { api } from '../session/facts.ts'
import './browse.css'
import { DeclarationText } from './declaration-text.tsx'
import { FieldItem } from './field-item.tsx'
import { OptionList } from './option-list.tsx'
import { PageHead } from './page-head.tsx'
import { RuleList } from './rule-list.tsx'
import { TypeLink } from './type-link.tsx'
import { UsedBy } from './used-by.tsx'

/** Draws the message that the route names. */
export function View() {
  const { name } = route.value
  const known = api.value
  const message = known?.registry.getMessage(name)
  if (known === null || message === undefined) return <NotFound kind="message" name={name} />
  return <Message key={name} message={message} api={known} />
}

function Message({ message, api: known }: { message: DescMessage; api: Api }) {
  const { registry } = known
  return (
    <div class="page">
      <div class="stack is-tight">
        <PageHead declaration={message} />
        <RuleList rules={messageRules(message, registry)} />
        <OptionList declaration={message} registry={registry} />
      </div>
      <section class="stack">
        <h2>{countOf(message.fields.length, 'field')}</h2>
        <ul class="plain card is-flush">
          <LongList
            items={message.members}
            noun="field"
            item={(member) =>
              member.kind === 'field' ? (
                <FieldItem field={member} registry={registry} />
              ) : (
                <Oneof oneof={member} registry={registry} />
              )
            }
          />
          {message.fields.length === 0 && <li class="item soft">This message has no fields.</li>}
        </ul>
      </section>
      <Nested types={[...message.nestedMessages, ...message.nestedEnums]} />
      <UsedBy type={message} api={known} />
      <DeclarationText declaration={message} registry={registry} />
    </div>
  )
}

function Oneof({ oneof, registry }: { oneof: DescOneof; registry: Registry }) {
  return (
    <li class="oneof">
      <div class="oneof-head">
        <p>
          <span class="eyebrow">one of</span> <bdi class="mono">{oneof.name}</bdi>
        </p>
        <Prose text={commentOf(oneof.parent.file, oneof)} />
        <RuleList rules={oneofRules(oneof, registry)} />
        <OptionList declaration={oneof} registry={registry} />
      </div>
      <ul class="plain">
        <LongList
          items={oneof.fields}
          noun="field"
          item={(field: DescField) => <FieldItem field={field} registry={registry} />}
        />
      </ul>
    </li>
  )
}

function Nested({ types }: { types: readonly (DescMessage | DescEnum)[] }) {
  if (types.length === 0) return null
  return (
    <section class="stack">
      <h2>Nested types</h2>
      <ul class="plain card type-columns">
        <LongList
          items={types}
          noun="type"
          item={(type) => (
            <li>
              <span class="soft small">{type.kind}</span> <TypeLink type={type} />
            </li>
          )}
        />
      </ul>
    </section>
  )
}
