"""moto's server as an instance meets AWS: its metadata too, which says that the auto scaling group wants the instance gone.

moto knows no ends of lifecycle actions and no signals of instances; these are written down for the test to read, in the
folder that TOLD names.

usage: stand_in.py -H HOST -p PORT    (as moto_server)
"""

import os
import pathlib

from moto.autoscaling.responses import AutoScalingResponse
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.responses import EmptyResult
from moto.instance_metadata.responses import INSTANCE_METADATA
from moto.server import main

told = pathlib.Path(os.environ["TOLD"])
INSTANCE_METADATA["autoscaling/target-lifecycle-state"] = "Terminated"


def write_down(name, *parameters):
    def answer(self):
        (told / name).write_text(" ".join(self._get_param(parameter) for parameter in parameters) + "\n")
        return EmptyResult()

    return answer


AutoScalingResponse.complete_lifecycle_action = write_down(
    "lifecycle", "AutoScalingGroupName", "LifecycleHookName", "InstanceId", "LifecycleActionResult"
)
CloudFormationResponse.signal_resource = write_down("signal", "StackName", "LogicalResourceId", "UniqueId", "Status")

main()
