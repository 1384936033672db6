"""Mends az role assignment in Debian 12, for az_test.go.

Debian's azure-cli 2.45 wants the attribute config of azure-mgmt-authorization 0.61, and Debian has 3.0, where it is _config: without this
the command dies before it asks Azure anything (Azure/azure-cli#24959). It is all that is done to az.
"""

from azure.mgmt.authorization.v2018_01_01_preview.operations import RoleDefinitionsOperations
from azure.mgmt.authorization.v2020_04_01_preview.operations import RoleAssignmentsOperations

for operations in RoleDefinitionsOperations, RoleAssignmentsOperations:
    operations.config = property(lambda self: self._config)
