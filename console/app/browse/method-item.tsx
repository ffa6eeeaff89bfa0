/** A method in the list of its service. */
import type { DescMethod, Registry } from '@bufbuild/protobuf'
import { pathOf } from '../api/api.ts'
import { commentOf } from '../api/comments.ts'
import { type AuthNeed, authNeed, httpRoutes, idempotencyOf } from '../api/method-facts.ts'
import { Badge } from '../parts/badge.tsx'
import { Icon } from '../parts/icon.tsx'
import { MethodKind } from '../parts/method-kind.tsx'
import { Prose } from '../parts/prose.tsx'
import { linkTo } from '../route/route.ts'
import { TypeLink } from './type-link.tsx'

/** Draws it. */
export function MethodItem({ method, registry }: { method: DescMethod; registry: Registry }) {
  const need = authNeed(method, registry)
  const idempotency = idempotencyOf(method)
  return (
    <li class="item">
      <div class="item-head">
        <div class="row is-tight">
          <h3>
            <a
              class={method.deprecated ? 'item-name is-deprecated' : 'item-name'}
              href={linkTo('method', pathOf(method))}
            >
              <bdi>{method.name}</bdi>
            </a>
          </h3>
          <MethodKind method={method} />
          {method.deprecated && <Badge tone="warn">deprecated</Badge>}
          {idempotency !== '' && <Badge>{idempotency}</Badge>}
          {need !== undefined && <Auth need={need} />}
        </div>
        <a class="button is-small" href={linkTo('method', pathOf(method))} aria-label={`Call ${method.name}`}>
          Call
        </a>
      </div>
      <p class="signature mono">
        {method.proto.clientStreaming && 'stream '}
        <TypeLink type={method.input} />
        <Icon name="arrow-right" />
        <span class="visually-hidden">returns</span>
        {method.proto.serverStreaming && 'stream '}
        <TypeLink type={method.output} />
      </p>
      <Prose text={commentOf(method.parent.file, method)} />
      {httpRoutes(method, registry).map(({ verb, path, body }) => (
        <p class="http-route mono" key={`${verb} ${path}`}>
          <span class="http-verb">{verb}</span> <bdi class="wrap">{path}</bdi>
          {body !== '' && <span class="soft"> body: {body}</span>}
        </p>
      ))}
    </li>
  )
}

function Auth({ need: { requirement, scopes, schemes } }: { need: AuthNeed }) {
  if (requirement === 'none') return <Badge title="Callers need no credentials">open</Badge>
  const means = [...scopes, ...schemes.map((scheme) => `by ${scheme}`)].join(', ')
  const text = requirement === 'optional' ? 'auth optional' : 'auth'
  return (
    <Badge tone="accent" title="What callers must prove">
      {means === '' ? text : `${text}: ${means}`}
    </Badge>
  )
}
