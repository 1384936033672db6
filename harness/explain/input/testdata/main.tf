terraform {
  required_version = ">= 1.9"
  cloud {
    organization = "contoso"
    workspaces {
      name    = "web"
      project = "Default Project"
    }
  }
}

variable "branch" {
  type    = string
  default = "main"
}

locals {
  repository   = "contoso/web"
  issuer       = "https://token.actions.githubusercontent.com"
  prefix       = "repo:${local.repository}"
  environments = toset(["dev", "prod"])
}

provider "azuread" {
  environment = "usgovernment"
}

resource "azuread_application" "deployer" {
  display_name = "deployer"
}

# A literal one ----------------------------------------------------------------
resource "azuread_application_federated_identity_credential" "pull_request" {
  application_id = azuread_application.deployer.id
  display_name   = "pull-request"
  description    = "Checks"
  audiences      = ["api://AzureADTokenExchange"]
  issuer         = local.issuer
  subject        = "repo:contoso/web:pull-request"
}

resource "azuread_application_federated_identity_credential" "environment" {
  for_each       = local.environments
  application_id = "/applications/bcd7c908-1c4d-4d48-93ee-ff38349a75c8"
  display_name   = each.key
  audiences      = ["api://AzureADTokenExchange"]
  issuer         = "${local.issuer}/"
  subject        = format("%s:environment:%s", local.prefix, each.value)
}

resource "azuread_application_federated_identity_credential" "branch" {
  application_id = data.azuread_application.other.id
  display_name   = "branch"
  audiences      = var.audiences
  issuer         = local.issuer
  subject        = "${local.prefix}:ref:refs/heads/${var.branch}"
}

resource "azuread_application_flexible_federated_identity_credential" "any" {
  application_id             = azuread_application.deployer.id
  display_name               = "any"
  audience                   = "api://AzureADTokenExchange"
  issuer                     = "https://gitlab.com"
  claims_matching_expression = "claims['sub'] matches 'project_path:contoso/*'"
}

resource "azurerm_user_assigned_identity" "pod" {
  name                = "pod"
  resource_group_name = "app"
  location            = "westeurope"
}

resource "azurerm_federated_identity_credential" "pod" {
  name                = "pod"
  resource_group_name = "app"
  audience            = ["api://AzureADTokenExchange"]
  issuer              = azurerm_kubernetes_cluster.this.oidc_issuer_url
  parent_id           = azurerm_user_assigned_identity.pod.id
  subject             = "system:serviceaccount:default:workload"
}

resource "azapi_resource" "tfc" {
  for_each  = { plan = "plan", apply = "apply" }
  type      = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2023-01-31"
  name      = "tfc-${each.key}"
  parent_id = azurerm_user_assigned_identity.pod.id
  body = jsonencode({
    properties = {
      audiences = ["api://AzureADTokenExchange"]
      issuer    = "https://app.terraform.io"
      subject   = "organization:contoso:project:Default Project:workspace:web:run_phase:${each.value}"
    }
  })
}

module "identity" {
  source = "Azure/avm-res-managedidentity-userassignedidentity/azurerm"
  federated_identity_credentials = {
    main = {
      name      = "main"
      audience  = ["api://AzureADTokenExchange"]
      issuer    = "https://gitlab.com"
      subject   = "project_path:contoso/web:ref_type:branch:ref:main"
      parent_id = "x"
    }
  }
}

resource "azuredevops_serviceendpoint_azurerm" "connection" {
  project_id                             = azuredevops_project.app.id
  service_endpoint_name                  = "azure"
  service_endpoint_authentication_scheme = "WorkloadIdentityFederation"
}
