/** What a method is: its name, its kind, its comment, and its types. */
import type { DescMethod } from '@bufbuild/protobuf'
import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt'
import { commentOf } from '../api/comments.ts'
import { Badge } from '../parts/badge.tsx'
import { MethodKind } from '../parts/method-kind.tsx'
import { Prose } from '../parts/prose.tsx'
import { linkTo } from '../route/route.ts'

/** Draws the heading of the page. */
export function MethodHeading({ method }: { method: DescMethod }) {
  const { parent, name, deprecated, idempotency } = method
  return (
    <header class="page-head">
      <p class="small">
        <a href={linkTo('service', parent.typeName)}>{parent.typeName}</a>
      </p>
      <div class="row">
        <h1 class={deprecated ? 'is-deprecated' : undefined}>{name}</h1>
        <MethodKind method={method} />
        {deprecated && <Badge tone="warn">deprecated</Badge>}
        {idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS && <Badge>no side effects</Badge>}
        {idempotency === MethodOptions_IdempotencyLevel.IDEMPOTENT && <Badge>idempotent</Badge>}
      </div>
      <Types method={method} />
      <Prose text={commentOf(parent.file, method)} class="call-comment" />
    </header>
  )
}

function Types({ method: { input, output, methodKind } }: { method: DescMethod }) {
  const sends = methodKind === 'client_streaming' || methodKind === 'bidi_streaming' ? 'stream of ' : ''
  const receives = methodKind === 'server_streaming' || methodKind === 'bidi_streaming' ? 'stream of ' : ''
  return (
    <p class="small soft wrap">
      takes {sends}
      <a href={linkTo('message', input.typeName)}>{input.name}</a>, returns {receives}
      <a href={linkTo('message', output.typeName)}>{output.name}</a>
    </p>
  )
}
