/** The contract of registrars holds for one in memory, over the base that those of real registries share. */
import { testRegistrar } from '../../support/contracts/registrar-contract.ts'
import { MEMORY_TTL_MS, MemoryRegistry } from '../../support/registry/memory-registry.ts'

testRegistrar({
  async open() {
    const registry = new MemoryRegistry()
    return {
      expiryMs: 2 * MEMORY_TTL_MS,
      async connect() {
        const registrar = registry.connect()
        return {
          registrar,
          cut() {
            registrar.isCut = true
          },
        }
      },
      async find(service) {
        return registry.find(service).map(({ host, port, metadata }) => ({ address: `${host}:${port}`, metadata }))
      },
      async stop() {
        registry.isAway = true
      },
      async start() {
        registry.isAway = false
      },
      async forget() {
        registry.forget()
      },
    }
  },
})
