import { expect, test } from 'vitest'
import { ChannelRecord } from '../../../../../client/node/channelz/channel-record.ts'
import { inspectChannel } from '../../../../../client/node/channelz/inspect-channel.ts'
import { SubchannelRecord } from '../../../../../client/node/channelz/subchannel-record.ts'
import { ManualClock } from '../../../../support/manual-clock.ts'

const INIT = { clock: new ManualClock(), serviceConfig: {}, queuedPicks: 0, retryTokens: null }

function addressesOf(count: number) {
  return Array.from({ length: count }, (_, index) => ({ host: '192.0.2.1', port: index + 1 }))
}

test('an inspection is bounded in size, connected addresses first', () => {
  const record = new ChannelRecord('test:///many')
  const subchannels = addressesOf(150).map((address) => new SubchannelRecord(address))
  for (const subchannel of subchannels) record.addSubchannel(subchannel)
  subchannels.at(-1)?.moveTo('READY')
  const inspection = inspectChannel(record, { ...INIT, serviceConfig: { long: 'x'.repeat(100_000) } })
  expect(inspection.addresses).toHaveLength(100)
  expect(inspection.addressesLeftOut).toBe(50)
  expect(inspection.addresses[0]).toMatchObject({ address: '192.0.2.1:150', state: 'READY' })
  expect(inspection.serviceConfig).toBeNull()
})

test('an address that the policy does not use is listed once, without a state', () => {
  const record = new ChannelRecord('test:///few')
  const [used = { host: '', port: 0 }, ...others] = addressesOf(3)
  record.addSubchannel(new SubchannelRecord(used))
  const endpoints = [used, ...others, ...others].map((address) => ({ addresses: [address], attributes: {} }))
  record.resolve({ endpoints }, null)
  const { addresses, resolution } = inspectChannel(record, INIT)
  expect(addresses.map(({ address, state }) => [address, state])).toEqual([
    ['192.0.2.1:1', 'IDLE'],
    ['192.0.2.1:2', null],
    ['192.0.2.1:3', null],
  ])
  expect(resolution).toMatchObject({ endpoints: 5, error: null })
})
