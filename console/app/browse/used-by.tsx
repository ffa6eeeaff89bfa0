/** The methods and fields that have a type. */
import type { DescEnum, DescField, DescMessage, DescMethod } from '@bufbuild/protobuf'
import { type Api, pathOf } from '../api/api.ts'
import { usesOf } from '../api/used-by.ts'
import { LongList } from '../parts/long-list.tsx'
import { MethodKind } from '../parts/method-kind.tsx'
import { linkTo, linkToMember } from '../route/route.ts'

const STEP = 20

/** Draws the uses; nothing if there are none. */
export function UsedBy({ type, api }: { type: DescMessage | DescEnum; api: Api }) {
  const { requests, responses, fields } = usesOf(type, api)
  if (requests.length + responses.length + fields.length === 0) return null
  return (
    <section class="stack">
      <h2>Used by</h2>
      <div class="card uses">
        <Methods title="Requests of" methods={requests} />
        <Methods title="Responses of" methods={responses} />
        {fields.length > 0 && (
          <div>
            <h3 class="uses-title">Fields</h3>
            <ul class="plain">
              <LongList items={fields} noun="field" step={STEP} item={(field) => <FieldUse field={field} />} />
            </ul>
          </div>
        )}
      </div>
    </section>
  )
}

function Methods({ title, methods }: { title: string; methods: readonly DescMethod[] }) {
  if (methods.length === 0) return null
  return (
    <div>
      <h3 class="uses-title">{title}</h3>
      <ul class="plain">
        <LongList
          items={methods}
          noun="method"
          step={STEP}
          item={(method) => (
            <li class="use">
              <a href={linkTo('method', pathOf(method))} title={pathOf(method)}>
                <bdi>
                  {method.parent.name}/<wbr />
                  {method.name}
                </bdi>
              </a>
              <MethodKind method={method} />
            </li>
          )}
        />
      </ul>
    </div>
  )
}

function FieldUse({ field }: { field: DescField }) {
  const { parent } = field
  return (
    <li class="use">
      <a href={linkToMember('message', parent.typeName, field.name)} title={`${parent.typeName}.${field.name}`}>
        <bdi>
          {parent.name}.<wbr />
          {field.name}
        </bdi>
      </a>
    </li>
  )
}
