/** REST requests as clients of Google's APIs send them, in every place for a value, over both HTTP versions. */
import { create, fromJsonString, getOption } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import { beforeEach, describe, expect, it } from 'vitest'
import { http } from '../../../gen/google/api/annotations_pb.js'
import { BadRequestSchema, ErrorInfoSchema } from '../../../gen/google/rpc/error_details_pb.js'
import {
  Planet,
  PlanetReportSchema,
  RepeatRequestSchema,
  RepeatResponseSchema,
  RepeatService,
} from '../../gen/repeat/v1/repeat_pb.js'
import { type StartedApp, startRoutes } from '../../support/demo-server.ts'
import { exchangeHttp1, exchanges } from '../../support/exchange.ts'
import { type RenderedRequest, renderRestRequest } from '../../support/rest-compliance/render-rest-request.ts'
import { REPEAT_GROUPS, type RepeatGroup, TRAILING_GROUP } from '../../support/rest-compliance/repeat-cases.ts'
import { repeatService, UNKNOWN_PLANET } from '../../support/rest-compliance/repeat-service.ts'

const GROUPS = [...REPEAT_GROUPS, TRAILING_GROUP]
const CASES = GROUPS.flatMap((group) => group.methods.flatMap((method) => casesOf(method, group)))

function casesOf(method: RepeatGroup['methods'][number], { requests, binding = 0 }: RepeatGroup) {
  return Object.entries(requests).map(([what, init]) => {
    const message = create(RepeatRequestSchema, { name: what, ...init })
    const rule = getOption(RepeatService.method[method], http)
    const request = renderRestRequest(RepeatRequestSchema, message, rule.additionalBindings[binding - 1] ?? rule)
    return { name: `${method}, binding ${binding}: ${what}`, message, request }
  })
}

function init({ method, path, body }: RenderedRequest) {
  return { method, path, ...(body !== undefined && { body, headers: { 'content-type': 'application/json' } }) }
}

it('has the cases of the suite that it stands for', () => {
  expect(CASES.length - Object.keys(TRAILING_GROUP.requests).length).toBe(53)
})

describe.each(exchanges)('over %s', (_, exchange) => {
  let app: StartedApp
  beforeEach(async () => {
    app = await startRoutes({ lane: 'native', routes: (router) => router.service(RepeatService, repeatService) })
  })

  it.each(CASES)('$name', async ({ message, request }) => {
    const { status, headers, body } = await exchange(app.origin, init(request))

    expect(body.toString()).toMatch(/^\{"request":/)
    expect([status, headers['content-type']]).toEqual([200, 'application/json'])
    const response = fromJsonString(RepeatResponseSchema, body.toString())
    expect(response.request).toEqual(message)
    expect([response.httpMethod, response.target]).toEqual([request.method, request.path])
  })

  it.each([
    ['known', false, '"PLANET_EARTH"', Planet.EARTH],
    ['unknown', true, '77', UNKNOWN_PLANET],
  ])('returns a value of an enum that is %s to the client, and takes it back', async (_name, unknown, json, planet) => {
    const given = await exchange(app.origin, { method: 'GET', path: `/v1/planet?unknown=${unknown}` })
    expect(given.body.toString()).toContain(`"planet":${json}`)

    const report = fromJsonString(PlanetReportSchema, given.body.toString())
    expect(report.planet).toBe(planet)
    const rule = getOption(RepeatService.method.checkPlanet, http)
    const taken = await exchange(app.origin, init(renderRestRequest(PlanetReportSchema, report, rule)))
    expect([taken.status, JSON.parse(taken.body.toString())]).toMatchObject([200, { planet: JSON.parse(json) }])
  })
})

describe('errors as Google serves them (AIP-193)', () => {
  const errorInfo = { desc: ErrorInfoSchema, value: { reason: 'LOW_WATER', domain: 'rivers.test' } }
  const badRequest = {
    desc: BadRequestSchema,
    value: { fieldViolations: [{ field: 'sample.text', description: 'is not a river' }] },
  }
  const infoJson = { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'LOW_WATER', domain: 'rivers.test' }
  const requestJson = {
    '@type': 'type.googleapis.com/google.rpc.BadRequest',
    fieldViolations: [{ field: 'sample.text', description: 'is not a river' }],
  }

  it.each([
    ['with a detail', Code.Internal, [errorInfo], 500, 'INTERNAL', [infoJson]],
    ['without details', Code.InvalidArgument, [], 400, 'INVALID_ARGUMENT', undefined],
    [
      'with two details',
      Code.FailedPrecondition,
      [errorInfo, badRequest],
      400,
      'FAILED_PRECONDITION',
      [infoJson, requestJson],
    ],
    ['of a conflict', Code.Aborted, [], 409, 'ABORTED', undefined],
    ['of a cancellation', Code.Canceled, [], 499, 'CANCELLED', undefined],
  ])('%s', async (_, code, details, http, name, json) => {
    const app = await failing(new ConnectError('the river is low', code, undefined, details))

    const { status, body } = await exchangeHttp1(app.origin, { method: 'GET', path: '/v1/repeat:query' })
    expect(status).toBe(http)
    const error = { code: http, message: 'the river is low', status: name, ...(json && { details: json }) }
    expect(JSON.parse(body.toString())).toEqual({ error })
  })

  it.each([
    ['of a path that nobody serves', 'GET', '/v1/repeat/nothing', 404, 'NOT_FOUND'],
    ['of another HTTP method', 'DELETE', '/v1/repeat:query', 405, 'UNIMPLEMENTED'],
    ['of an unknown parameter', 'GET', '/v1/repeat:query?nothing=1', 400, 'INVALID_ARGUMENT'],
    ['of an invalid value', 'GET', '/v1/repeat:query?count=x', 400, 'INVALID_ARGUMENT'],
  ])('%s', async (_, method, path, http, name) => {
    const app = await failing(new ConnectError('is not called', Code.Internal))

    const { status, body } = await exchangeHttp1(app.origin, { method, path })
    expect(status).toBe(http)
    expect(JSON.parse(body.toString())).toMatchObject({ error: { code: http, status: name } })
  })

  async function failing(error: ConnectError): Promise<StartedApp> {
    const repeatQuery = () => {
      throw error
    }
    return await startRoutes({
      lane: 'native',
      rest: { errors: 'aip193' },
      routes: (router) => router.service(RepeatService, { ...repeatService, repeatQuery }),
    })
  }
})
