import { describe, expect, it } from 'vitest'
import { chooseTxtConfig } from '../../../../../client/node/service-config/choose-txt-config.ts'

const client = { hostname: 'web-1', percentile: 49.5 }

function record(...choices: object[]): string[] {
  return [`grpc_config=${JSON.stringify(choices)}`]
}

describe('NR-5 the service config of a TXT record', () => {
  it.each([
    ['no condition', {}, true],
    ['the language, in any case', { clientLanguage: ['go', 'Node'] }, true],
    ['another language', { clientLanguage: ['go'] }, false],
    ['no language at all', { clientLanguage: [] }, false],
    ['the host', { clientHostname: ['web-1', 'web-2'] }, true],
    ['a host in another case', { clientHostname: ['WEB-1'] }, false],
    ['a canary that takes this client', { percentage: 50 }, true],
    ['a canary that does not', { percentage: 49 }, false],
    ['everybody', { percentage: 100 }, true],
    ['nobody', { percentage: 0 }, false],
    ['all conditions but one', { clientLanguage: ['node'], clientHostname: ['x'], percentage: 100 }, false],
  ])('%s', (_what, condition, isChosen) => {
    const serviceConfig = { later: true }
    const chosen = chooseTxtConfig([record({ ...condition, serviceConfig })], client)
    expect(chosen).toEqual(isChosen ? serviceConfig : undefined)
  })

  it('is the first that applies, from joined strings', () => {
    const [text = ''] = record(
      { percentage: 0, serviceConfig: { n: 1 } },
      { serviceConfig: { n: 2 } },
      { serviceConfig: { n: 3 } },
    )
    expect(chooseTxtConfig([['v=spf1'], [text.slice(0, 20), text.slice(20)]], client)).toEqual({ n: 2 })
  })

  it('is absent without a record', () => {
    expect(chooseTxtConfig([['v=spf1 -all']], client)).toBeUndefined()
  })

  it.each([
    ['no JSON', ['grpc_config=[{'], 'JSON'],
    ['no list', ['grpc_config={}'], 'choices is {}'],
    ['an unknown condition', record({ serviceConfig: {} }, { region: 'eu', serviceConfig: {} }), 'choices[1].region'],
    ['a bad percentage', record({ percentage: 101, serviceConfig: {} }), 'choices[0].percentage is 101'],
    ['a choice of nothing', record({ percentage: 1 }), 'choices[0].serviceConfig is missing'],
  ])('is invalid as a whole with %s', (_what, strings, message) => {
    expect(() => chooseTxtConfig([strings], client)).toThrow(message)
  })
})
