/** grpc-go's server of the official interoperation tests. */
import { type RunningProgram, startProgram } from '../support/command.ts'
import { installGoTool } from '../support/go-tool.ts'

/** Builds and starts it on a free port, which is what `found` holds. The server says on standard error where it listens. */
export async function startGrpcGoServer(flags: readonly string[] = []): Promise<RunningProgram> {
  const program = await installGoTool({ package: 'google.golang.org/grpc/interop/server', version: 'v1.85.0' })
  const args = ['-c', 'exec "$0" "$@" 2>&1', program, '-port=0', ...flags]
  const env = { ...process.env, GRPC_GO_LOG_SEVERITY_LEVEL: 'info' }
  return startProgram({ program: 'sh', args, env }, /server listening on \S*:(\d+)$/)
}
