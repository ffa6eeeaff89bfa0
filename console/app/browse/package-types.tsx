/** The messages and enums of a package. */
import type { DescEnum, DescMessage } from '@bufbuild/protobuf'
import type { Api } from '../api/api.ts'
import { Disclosure } from '../parts/disclosure.tsx'
import { countOf } from '../parts/format.ts'
import { LongList } from '../parts/long-list.tsx'
import { TypeLink } from './type-link.tsx'

/** Draws them, once they are asked for; nothing if there are none. */
export function TypesOf({ packageName, api }: { packageName: string; api: Api }) {
  const types = typesOf(packageName, api)
  if (types.length === 0) return null
  const messages = types.filter(({ kind }) => kind === 'message').length
  const enums = types.length - messages
  const counts = [messages > 0 && countOf(messages, 'message'), enums > 0 && countOf(enums, 'enum')]
  return (
    <Disclosure summary={counts.filter(Boolean).join(', ')}>
      <ul class="plain card type-columns">
        <LongList
          items={types}
          noun="type"
          item={(type) => (
            <li>
              <TypeLink type={type} />
            </li>
          )}
        />
      </ul>
    </Disclosure>
  )
}

function typesOf(packageName: string, { registry }: Api): (DescMessage | DescEnum)[] {
  const files = [...registry.files].filter(({ proto }) => proto.package === packageName)
  const types = files.flatMap(({ messages, enums }) => [...messages, ...enums])
  return types.toSorted((a, b) => (a.typeName < b.typeName ? -1 : 1))
}
