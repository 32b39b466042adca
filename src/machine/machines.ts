import type { MachineAddress } from '../model/grammar.ts'
import { localMachine } from './local.ts'
import type { Machine, Machines } from './machine.ts'
import { sshMachine } from './ssh.ts'

/** All machines of a process: one object, so one connection, per address. `sshConfig` is for ssh -F. */
export function openMachines(options: { sshConfig?: string } = {}): {
  readonly machines: Machines
  close(): Promise<void>
} {
  const opened = new Map<MachineAddress, Machine>()
  const open = (address: MachineAddress) =>
    address === 'local'
      ? localMachine()
      : sshMachine(address, options.sshConfig === undefined ? {} : { configFile: options.sshConfig })
  return {
    machines(address) {
      const machine = opened.get(address) ?? open(address)
      opened.set(address, machine)
      return machine
    },
    async close() {
      await Promise.all([...opened.values()].map((machine) => machine.close()))
      opened.clear()
    },
  }
}
