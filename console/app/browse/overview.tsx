/** The first page: what the server offers. */
import type { DescService } from '@bufbuild/protobuf'
import type { Api } from '../api/api.ts'
import { apiCounts } from '../api/api-counts.ts'
import { commentOf } from '../api/comments.ts'
import { type Package, packagesOf } from '../api/packages.ts'
import { EmptyState } from '../parts/empty-state.tsx'
import { firstSentence } from '../parts/first-sentence.ts'
import { countOf, formatCount } from '../parts/format.ts'
import { LongList } from '../parts/long-list.tsx'
import { MethodKind } from '../parts/method-kind.tsx'
import { linkTo } from '../route/route.ts'
import { api, facts } from '../session/facts.ts'
import './browse.css'
import { TypesOf } from './package-types.tsx'

/** Draws it. */
export function View() {
  const known = api.value
  const { title = 'Console', docsPath = null } = facts.value ?? {}
  if (known === null) return null
  const packages = packagesOf(known.services)
  return (
    <div class="page">
      <header class="page-head">
        <div class="spread">
          <h1 dir="auto">{title}</h1>
          {docsPath !== null && (
            <a class="button" href={docsPath}>
              REST reference
            </a>
          )}
        </div>
        <p class="lead soft">Every service of this server: what it takes, what it returns, and a place to call it.</p>
      </header>
      {packages.length === 0 ? <NoServices /> : <Counts known={known} />}
      {packages.map((each) => (
        <PackageSection key={each.name} of={each} known={known} />
      ))}
    </div>
  )
}

function NoServices() {
  return (
    <EmptyState icon="tree" title="No services yet">
      <p>The server answers, but shows no service to you: it has none, or wants other credentials.</p>
    </EmptyState>
  )
}

const PROTOCOLS = {
  connect: 'Connect',
  'grpc-web': 'gRPC-Web',
  websocket: 'gRPC over WebSocket',
  rest: 'REST',
  grpc: 'gRPC',
}

function Counts({ known }: { known: Api }) {
  const { services, methods, messages, enums, kinds } = apiCounts(known)
  const protocols = facts.value?.protocols ?? []
  return (
    <div class="card overview-card">
      <dl class="counts">
        <Count label="Services" value={services} />
        <Count label="Methods" value={methods} />
        <Count label="Messages" value={messages} />
        <Count label="Enums" value={enums} />
      </dl>
      <dl class="overview-lines">
        <div>
          <dt>Methods by kind</dt>
          <dd class="row is-tight">
            {kinds.map(([methodKind, count]) => (
              <span class="row is-tight" key={methodKind}>
                <MethodKind method={{ methodKind }} /> {formatCount(count)}
              </span>
            ))}
          </dd>
        </div>
        {protocols.length > 0 && (
          <div>
            <dt>Protocols</dt>
            <dd>{protocols.map((protocol) => PROTOCOLS[protocol]).join(', ')}</dd>
          </div>
        )}
      </dl>
    </div>
  )
}

function Count({ label, value }: { label: string; value: number }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{formatCount(value)}</dd>
    </div>
  )
}

function PackageSection({ of: { name, services }, known }: { of: Package; known: Api }) {
  return (
    <section class="stack">
      <h2 class="package-name">
        <bdi>{name === '' ? '(no package)' : name}</bdi>
      </h2>
      <ul class="plain service-cards">
        <LongList items={services} noun="service" step={60} item={(service) => <ServiceCard service={service} />} />
      </ul>
      <TypesOf packageName={name} api={known} />
    </section>
  )
}

function ServiceCard({ service }: { service: DescService }) {
  const comment = firstSentence(commentOf(service.file, service))
  return (
    <li class="card service-card">
      <h3>
        <a class={service.deprecated ? 'is-deprecated' : ''} href={linkTo('service', service.typeName)}>
          <bdi>{service.name}</bdi>
        </a>
      </h3>
      {comment !== '' && (
        <p class="small soft wrap" dir="auto">
          {comment}
        </p>
      )}
      <p class="hint">{countOf(service.methods.length, 'method')}</p>
    </li>
  )
}
