import { type Command } from 'commander';
import { addFleetStatusCommand } from './fleet-status.js';
import { addFleetUpCommand } from './fleet-up.js';

export function addFleetCommand(program: Command): void {
  const fleet = program
    .command('fleet')
    .description('run migrations on many databases or schemas, and show their status');
  addFleetUpCommand(fleet);
  addFleetStatusCommand(fleet);
}
