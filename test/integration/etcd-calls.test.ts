/** What a member of etcd, which the test plays, receives of a registrar and a resolver. */
import { expect, onTestFinished, test } from 'vitest'
import { KV, Lease, Watch } from '../../gen/etcd/etcdserverpb/rpc_pb.js'
import { EtcdClient } from '../../registry/etcd/etcd-client.ts'
import { normalizeEtcdOptions } from '../../registry/etcd/etcd-options.ts'
import { etcdRegistrar } from '../../registry/etcd/etcd-registrar.ts'
import { systemClock } from '../../wire/http2/http2.ts'
import { instanceOf } from '../support/contracts/registrar-contract.ts'
import { startRoutes } from '../support/demo-server.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { untilAborted } from '../support/until-aborted.ts'

test('the call of a watch ends when its reader leaves', async () => {
  const ended = Promise.withResolvers<void>()
  const { host } = await startRoutes({
    routes: (router) =>
      router.service(Watch, {
        async *watch(_requests, { signal }) {
          signal.addEventListener('abort', () => ended.resolve())
          yield { created: true }
          await untilAborted(signal)
        },
      }),
  })
  const client = new EtcdClient(normalizeEtcdOptions({ endpoints: [host] }), systemClock)
  onTestFinished(() => client.close())
  for await (const { created } of client.watch({}, new AbortController().signal)) {
    expect(created).toBe(true)
    break
  }
  await ended.promise
})
