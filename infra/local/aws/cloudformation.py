"""moto's server, with what its CloudFormation leaves out of change sets.

moto creates, changes and deletes the resources. Of what AWS does around them it lacks, for stacks that are made by change
sets: imports, outputs and exports, which properties change and what that replaces, events of single resources, time that
passes, rolling back, and termination protection. That is added here as the user guide has it ("Stack creation events",
"Get exported outputs from a deployed stack", "Protect CloudFormation stacks from being deleted"), so that the deploy tool
meets each of them.

usage: cloudformation.py -H HOST -p PORT    (as moto_server)
"""

import threading
import time

from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import CloudFormationBackend, Event, Stack
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.responses import ActionResult
from moto.server import main

# Long enough for a tool that looks every second or two to see a stack at work.
STEP_SECONDS = 0.4
# "Update requires: Replacement", of the types that the tests use.
REPLACES = {("AWS::EC2::VPC", "CidrBlock"), ("AWS::SQS::Queue", "QueueName")}

create_change_set = CloudFormationBackend.create_change_set
delete_stack = CloudFormationBackend.delete_stack


def create_with_imports(self, *arguments, **named):
    ids = create_change_set(self, *arguments, **named)
    change_set = self.change_sets[ids[0]]
    resources = change_set.stack.resource_map
    resources.cross_stack_resources = self.exports
    for change in change_set.changes:
        if change.action == "Modify":
            name = change.logical_resource_id
            old, new = (one.get("Properties", {}) for one in (resources._resource_json_map[name], change_set.template_dict["Resources"][name]))
            changed = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
            change.details = [{"Target": {"Attribute": "Properties", "Name": key}} for key in changed]
            change.replacement = str(any((change.resource_type, key) in REPLACES for key in changed))
    return ids


def resource_event(stack, name, kind, status, reason=None):
    stack.events.append(Event(stack.stack_id, stack.name, name, "", kind, status, reason, None))


def own_event(stack, status, reason=None):
    stack.status = status
    stack._add_stack_event(status, resource_status_reason=reason)


def publish_outputs(backend, stack):
    stack.output_map = stack._create_output_map()
    others = {name: export for name, export in backend.exports.items() if export.exporting_stack_id != stack.stack_id}
    for export in stack.exports:
        if export.name in others:
            raise ValidationError(stack.stack_id, message=f"Export with name {export.name} is already exported")
    backend.exports.clear()
    backend.exports.update(others)
    backend.exports.update({export.name: export for export in stack.exports})


def execute(backend, change_set, stack):
    verb = change_set.change_set_type
    before = (stack.template, dict(stack.parameters))
    own_event(stack, f"{verb}_IN_PROGRESS", "User Initiated")
    time.sleep(STEP_SECONDS)
    words = {"Add": "CREATE", "Modify": "UPDATE", "Remove": "DELETE"}
    for change in change_set.changes:
        resource_event(stack, change.logical_resource_id, change.resource_type, f"{words[change.action]}_IN_PROGRESS")
    time.sleep(STEP_SECONDS)
    try:
        change_set.apply()
        stack.template, stack.parameters = change_set.template, change_set.parameters
        stack._parse_template()
        publish_outputs(backend, stack)
    except Exception as error:  # whatever moto's resource says is the reason that AWS would give
        missing = [change for change in change_set.changes if change.logical_resource_id not in stack.resource_map._parsed_resources]
        failed = (missing or change_set.changes)[0]
        resource_event(
            stack, failed.logical_resource_id, failed.resource_type, f"{words[failed.action]}_FAILED", getattr(error, "message", str(error))
        )
        for change in missing[1:]:
            resource_event(
                stack, change.logical_resource_id, change.resource_type, f"{words[change.action]}_FAILED", "Resource creation cancelled"
            )
        roll_back(stack, verb, before)
        return
    for change in change_set.changes:
        resource_event(stack, change.logical_resource_id, change.resource_type, f"{words[change.action]}_COMPLETE")
    own_event(stack, f"{verb}_COMPLETE")


def roll_back(stack, verb, before):
    rollback = "ROLLBACK" if verb == "CREATE" else "UPDATE_ROLLBACK"
    own_event(stack, f"{rollback}_IN_PROGRESS", "The following resource(s) failed")
    time.sleep(STEP_SECONDS)
    if verb == "CREATE":
        made = {name: stack.resource_map._resource_json_map[name] for name in stack.resource_map._parsed_resources if name in stack.resource_map._resource_json_map}
        stack.resource_map._resource_json_map = made
        stack.resource_map.delete()
    else:
        stack.template, stack.parameters = before
        stack._parse_template()
        stack.resource_map.update(stack.template_dict, stack.parameters)
    own_event(stack, f"{rollback}_COMPLETE")


def execute_in_time(self, change_set_name, stack_name=None):
    change_set = self.describe_change_set(change_set_name)
    change_set.execution_status = "EXECUTE_IN_PROGRESS"
    threading.Thread(target=execute, args=(self, change_set, self.stacks[change_set.stack_id]), daemon=True).start()


def delete_what_is_not_protected(self, name_or_stack_id):
    stack = next((stack for stack in self.stacks.values() if name_or_stack_id in (stack.name, stack.stack_id)), None)
    if stack is not None and stack.enable_termination_protection:
        raise ValidationError(name_or_stack_id, message=f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled")
    delete_stack(self, name_or_stack_id)


def update_termination_protection(self):
    stack = self.cloudformation_backend.get_stack(self._get_param("StackName"))
    stack.enable_termination_protection = self._get_param("EnableTerminationProtection") in (True, "true")
    return ActionResult({"StackId": stack.stack_id})


CloudFormationBackend.create_change_set = create_with_imports
CloudFormationBackend.execute_change_set = execute_in_time
CloudFormationBackend.delete_stack = delete_what_is_not_protected
CloudFormationResponse.update_termination_protection = update_termination_protection

main()
