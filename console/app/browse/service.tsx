/** The page of a service. */
import type { DescMethod, DescService } from '@bufbuild/protobuf'
import { useSignal } from '@preact/signals'
import type { Api } from '../api/api.ts'
import { optionsOf } from '../api/options.ts'
import { countOf } from '../parts/format.ts'
import { LongList } from '../parts/long-list.tsx'
import { NotFound } from '../parts/not-found.tsx'
import { route } from '../route/route.ts'
import { api } from '../session/facts.ts'
import './browse.css'
import { DeclarationText } from './declaration-text.tsx'
import { MethodItem } from './method-item.tsx'
import { OptionList } from './option-list.tsx'
import { PageHead } from './page-head.tsx'

/** From this number of methods on, the list has a filter. */
const MANY_METHODS = 15

/** Draws the service that the route names. */
export function View() {
  const { name } = route.value
  const known = api.value
  const service = known?.registry.getService(name)
  if (known === null || service === undefined) return <NotFound kind="service" name={name} />
  return <Service key={name} service={service} api={known} />
}

function Service({ service, api: { registry } }: { service: DescService; api: Api }) {
  const filter = useSignal('')
  const methods = service.methods.filter((method) => isMatch(method, filter.value))
  return (
    <div class="page">
      <PageHead declaration={service} />
      <section class="stack">
        <div class="spread">
          <h2>{countOf(service.methods.length, 'method')}</h2>
          {service.methods.length >= MANY_METHODS && (
            <input
              class="input filter"
              type="search"
              aria-label="Filter methods"
              placeholder="Filter methods"
              value={filter.value}
              onInput={(event) => {
                filter.value = event.currentTarget.value
              }}
            />
          )}
        </div>
        <ul class="plain card is-flush">
          <LongList
            key={filter.value}
            items={methods}
            noun="method"
            step={100}
            item={(method) => <MethodItem method={method} registry={registry} />}
          />
          {methods.length === 0 && (
            <li class="item soft">{filter.value === '' ? 'No methods' : 'No method matches'}</li>
          )}
        </ul>
      </section>
      {optionsOf(service, registry).some((option) => option.name !== 'deprecated') && (
        <section class="stack">
          <h2>Options</h2>
          <div class="card">
            <OptionList declaration={service} registry={registry} />
          </div>
        </section>
      )}
      <DeclarationText declaration={service} registry={registry} />
    </div>
  )
}

function isMatch(method: DescMethod, filter: string): boolean {
  return method.name.toLowerCase().includes(filter.trim().toLowerCase())
}
